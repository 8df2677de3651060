"""Writes small OpenAPI documents, imports them and reads the capability."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from naftiko_runtime.loading import load
from naftiko_runtime.openapi_import.import_openapi import ImportOptions, import_openapi
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from pathlib import Path

SERVERS = [{"url": "https://ships.acme.io/v1"}]


def write_spec(folder: Path, paths: dict[str, Any], **keys: Any) -> Path:
    document = {"openapi": "3.1.0", "info": {"title": "Ships", "version": "1"}, "servers": SERVERS, "paths": paths}
    file = folder / "spec.yaml"
    file.write_text(json.dumps({**document, **keys}), encoding="utf-8")
    return file


def import_one(file: Path, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """Import a document: the capability, whose file has no errors, and the lines of the report."""
    imported = import_openapi(file, ImportOptions(**options))
    (text,) = imported.files.values()
    written = file.parent / "capability.yaml"
    written.write_text(text, encoding="utf-8")
    errors = [one for one in load(written).diagnostics if one.severity is Severity.ERROR]
    assert errors == []
    return yaml.safe_load(text), [str(line) for line in imported.report.lines]


def get_tool(document: dict[str, Any], name: str) -> dict[str, Any]:
    (served,) = [one for one in document["capability"]["exposes"] if one["type"] == "mcp"]
    (tool,) = [one for one in served["tools"] if one["name"] == name]
    return dict(tool)


def get_consumed(document: dict[str, Any], name: str) -> dict[str, Any]:
    apis = document["capability"]["consumes"]
    (found,) = [o for api in apis for r in api["resources"] for o in r["operations"] if o["name"] == name]
    return dict(found)
