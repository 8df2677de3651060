"""Entries of the MCP registry: what the registry requires of every entry."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from naftiko_runtime.mcp_distribution.registry_entry import (
    is_registry_name,
    is_registry_version,
    make_bundle_package,
    make_registry_entry,
    make_remote,
)
from naftiko_runtime.plan import McpServer
from support.linked import link_plan, make_document, make_mcp_expose

TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 100}
URL: Final = {"type": "string", "pattern": r"^https://[^\s{}]+$"}
ENTRY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["$schema", "name", "description", "version"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"},
        "name": {"type": "string", "minLength": 3, "maxLength": 200, "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"},
        "title": TEXT,
        "description": TEXT,
        "version": {"type": "string", "maxLength": 255, "not": {"pattern": r"^latest$|[\^~<>=*|\s]"}},
        "packages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["registryType", "identifier", "fileSha256", "transport"],
                "additionalProperties": False,
                "properties": {
                    "registryType": {"const": "mcpb"},
                    "identifier": {"allOf": [URL, {"pattern": "mcp"}]},
                    "fileSha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "transport": {"const": {"type": "stdio"}},
                },
            },
        },
        "remotes": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "url"],
                "additionalProperties": False,
                "properties": {"type": {"enum": ["streamable-http", "sse"]}, "url": URL},
            },
        },
    },
}
"""The facts about entries, for those parts that are written."""
VALIDATOR: Final = Draft202012Validator(ENTRY)
REMOTES: Final = [make_remote("https://orders.example.com/mcp")]
PACKAGES: Final = [make_bundle_package("https://acme.example/orders.mcpb", "0" * 64)]


@pytest.fixture(scope="module")
def server() -> McpServer:
    (found,) = link_plan(make_document(exposes=[make_mcp_expose(description="Gets.")])).servers
    assert isinstance(found, McpServer)
    return found


@given(
    title=st.text(max_size=300),
    instructions=st.none() | st.text(max_size=300),
    name=st.from_regex(r"[a-z.]{1,9}/[A-Z_.]{1,9}", fullmatch=True),
    version=st.text(max_size=300).filter(is_registry_version),
    parts=st.sampled_from([(REMOTES, PACKAGES), (REMOTES, []), ([], PACKAGES)]),
)
def test_every_entry_is_valid(
    server: McpServer, title: str, instructions: str | None, name: str, version: str, parts: tuple[Any, Any]
) -> None:
    assert is_registry_name(name)
    changed = replace(server, title=title, instructions=instructions, version=version)
    entry = make_registry_entry(changed, name, *parts)
    VALIDATOR.validate(entry)
    assert "\n" not in entry["title"] + entry["description"]


@pytest.mark.parametrize("name", ["orders", "a/", "/a", "a/b/c", "a b/c", "a_b/c", "a/" + "b" * 199, "a/b\n", ""])
def test_names_that_the_registry_refuses(name: str) -> None:
    assert not is_registry_name(name)


@pytest.mark.parametrize("version", ["1.4.0", "2026-11-01", "1.0.0-rc.1+build.5", "v2", "1.0.0-max.xy", "x86"])
def test_exact_versions(version: str) -> None:
    assert is_registry_version(version)


@pytest.mark.parametrize(
    "version", ["", "latest", "^1.2.3", "~1.2", ">=1", "1.x", "1.2.X", "1.*", "x", "1 - 2", "1||2"]
)
def test_versions_that_name_several(version: str) -> None:
    assert not is_registry_version(version)
