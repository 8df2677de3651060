"""Recognises documents of other kinds, which are given by mistake where a capability is expected."""

from __future__ import annotations

from typing import Any

_CONSUME = "write a capability that consumes this API: 'baseUri' and 'resources' under 'consumes'"


def recognize(data: dict[str, Any]) -> tuple[str, str | None] | None:  # noqa: C901, PLR0911 - one line a kind
    """What kind of document the data is, and what to do with it; none when it may be a capability.

    Args:
        data: The root of a document.
    """
    if not data.keys().isdisjoint(("naftiko", "ikanos", "capability")):
        return None
    info = data.get("info")
    info = info if isinstance(info, dict) else {}
    if "openapi" in data or "swagger" in data:
        return "an OpenAPI document", _CONSUME
    if "asyncapi" in data:
        return "an AsyncAPI document", None
    if "_postman_id" in info or "getpostman.com" in str(info.get("schema")):
        return "a Postman collection", _CONSUME
    if "arazzo" in data:
        return "an Arazzo document", None
    if "apiVersion" in data and "kind" in data:
        return "a Kubernetes manifest", None
    if isinstance(data.get("services"), dict) and not {"consumes", "exposes"} & data.keys():
        return "a Compose file", None
    if "mcpServers" in data:
        return "the configuration of an MCP client", "write a capability with an expose of 'type: mcp'"
    if "jobs" in data and "on" in data:
        return "a GitHub workflow", None
    if "log" in data and isinstance(data["log"], dict) and "entries" in data["log"]:
        return "an HTTP archive", _CONSUME
    if "$schema" in data and "properties" in data:
        return "a JSON Schema", None
    return None
