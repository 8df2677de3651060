"""How long clients of an MCP server may cache its lists, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from naftiko_runtime import rules
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpExpose
    from naftiko_runtime.link.context import Context


def read_ttl_ms(expose: McpExpose, context: Context) -> int:
    """Return the ``ttlMs`` of an expose, in milliseconds. An invalid value is reported."""
    if expose.ttl_ms is not None and expose.ttl_ms < 0:
        context.report(rules.INVALID_VALUE_TTL(), expose.get_path("ttlMs"))
    return max(0, expose.ttl_ms or 0)


def read_cache_scope(expose: McpExpose, context: Context) -> Literal["public", "private"]:
    """Return the ``cacheScope`` of an expose. An invalid value is reported."""
    match expose.cache_scope:
        case "public":
            return "public"
        case None | "private":
            return "private"
        case other:
            advice = suggest(other, ("public", "private"), helps.ONE_OF)
            context.report(rules.INVALID_VALUE_CACHE_SCOPE(value=other), expose.get_path("cacheScope"), advice)
            return "private"
