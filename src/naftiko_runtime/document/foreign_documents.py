"""Recognizes documents of other kinds, such as OpenAPI, that are given instead of a capability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.rules import helps, nouns

if TYPE_CHECKING:
    from naftiko_runtime.rules import Help, Noun


def recognize(data: dict[str, Any]) -> tuple[Noun, Help | None] | None:  # noqa: C901, PLR0911 - one line a kind
    """Return the kind of a document of another tool, and advice. None if the document may be a capability.

    Args:
        data: The root of a document.
    """
    if not data.keys().isdisjoint(("naftiko", "ikanos", "capability")):
        return None
    info = data.get("info")
    info = info if isinstance(info, dict) else {}
    if "openapi" in data or "swagger" in data:
        return nouns.OPENAPI, helps.CONSUME_API
    if "asyncapi" in data:
        return nouns.ASYNCAPI, None
    if "_postman_id" in info or "getpostman.com" in str(info.get("schema")):
        return nouns.POSTMAN, helps.CONSUME_API
    if "arazzo" in data:
        return nouns.ARAZZO, None
    if "apiVersion" in data and "kind" in data:
        return nouns.KUBERNETES, None
    if isinstance(data.get("services"), dict) and not {"consumes", "exposes"} & data.keys():
        return nouns.COMPOSE, None
    if "mcpServers" in data:
        return nouns.MCP_CLIENT, helps.WRITE_MCP_EXPOSE
    if "jobs" in data and "on" in data:
        return nouns.GITHUB_WORKFLOW, None
    if "log" in data and isinstance(data["log"], dict) and "entries" in data["log"]:
        return nouns.HTTP_ARCHIVE, helps.CONSUME_API
    if "$schema" in data and "properties" in data:
        return nouns.JSON_SCHEMA, None
    return None
