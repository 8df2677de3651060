"""For how long, and for whom, clients of an MCP server may keep its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from naftiko_runtime import rules
from naftiko_runtime.suggest import did_you_mean

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpExpose
    from naftiko_runtime.link.context import Context


def ttl_ms(expose: McpExpose, context: Context) -> int:
    """The ``ttlMs`` of an expose."""
    if expose.ttl_ms is not None and expose.ttl_ms < 0:
        advice = "write 0 or a number of milliseconds, such as 60000"
        context.complain(rules.INVALID_VALUE, "'ttlMs' is negative", expose.at("ttlMs"), advice)
    return max(0, expose.ttl_ms or 0)


def cache_scope(expose: McpExpose, context: Context) -> Literal["public", "private"]:
    """The ``cacheScope`` of an expose."""
    match expose.cache_scope:
        case "public":
            return "public"
        case None | "private":
            return "private"
        case other:
            advice = did_you_mean(other, ("public", "private"), "one of")
            message = f"there is no cache scope '{other}'"
            context.complain(rules.INVALID_VALUE, message, expose.at("cacheScope"), advice)
            return "private"
