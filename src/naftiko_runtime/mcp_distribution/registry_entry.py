"""``server.json``: the entry of a server in the MCP registry. The registry is a preview."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.shorten_text import shorten_text

if TYPE_CHECKING:
    from naftiko_runtime.plan import McpServer

_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_NAME: Final = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
_RANGE: Final = re.compile(r"latest|.*[\s^~<>=*|].*|.*(?:^|\.)[xX](?:\.|$).*", re.DOTALL)
_VERSION_CHARACTERS: Final = range(1, 256)
_NAME_CHARACTERS: Final = range(3, 201)
_DESCRIPTION_CHARACTERS_MAX: Final = 100


def is_registry_name(name: str) -> bool:
    """Return whether a name is one of the registry, such as ``io.github.acme/orders``."""
    return len(name) in _NAME_CHARACTERS and _NAME.fullmatch(name) is not None


def is_registry_version(version: str) -> bool:
    """Return whether a version is one that the registry takes: exact, so no range and not ``latest``."""
    return len(version) in _VERSION_CHARACTERS and _RANGE.fullmatch(version) is None


def make_remote(url: str) -> dict[str, Any]:
    """Return a server that runs at a URL."""
    return {"type": "streamable-http", "url": url}


def make_bundle_package(url: str, sha256: str) -> dict[str, Any]:
    """Return a bundle that clients download.

    Args:
        url: The URL of the bundle. The registry wants "mcp" in it.
        sha256: The hash of its bytes, in hexadecimal.
    """
    return {
        "registryType": "mcpb",
        "identifier": url,
        "fileSha256": sha256,
        "transport": {"type": "stdio"},
    }


def make_registry_entry(
    server: McpServer, name: str, remotes: list[dict[str, Any]], packages: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the entry of a server.

    Args:
        server: The server.
        name: Its name in the registry.
        remotes: Where it runs.
        packages: What starts it.
    """
    entry: dict[str, Any] = {
        "$schema": _SCHEMA,
        "name": name,
        "title": shorten_text(server.title, _DESCRIPTION_CHARACTERS_MAX),
        "description": shorten_text(server.instructions or server.title, _DESCRIPTION_CHARACTERS_MAX),
        "version": server.version,
    }
    return entry | ({"packages": packages} if packages else {}) | ({"remotes": remotes} if remotes else {})
