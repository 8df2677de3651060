"""How long clients of an MCP server may cache its lists, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from naftiko_runtime import rules
from naftiko_runtime.plan import Caching
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpExpose
    from naftiko_runtime.link.context import Context

LIST_TTL_MS: Final = 300_000
"""How long clients may cache what only a reload changes, unless the document says it."""


def read_caching(expose: McpExpose, context: Context) -> Caching:
    """Return for how long clients of an expose may cache, and for whom. Invalid values are reported."""
    ttl_ms = _read_ttl_ms(expose, context)
    return Caching(LIST_TTL_MS if ttl_ms is None else ttl_ms, ttl_ms or 0, _read_scope(expose, context))


def _read_ttl_ms(expose: McpExpose, context: Context) -> int | None:
    if expose.ttl_ms is not None and expose.ttl_ms < 0:
        context.report(rules.INVALID_VALUE_TTL(), expose.get_path("ttlMs"))
        return None
    return expose.ttl_ms


def _read_scope(expose: McpExpose, context: Context) -> Literal["public", "private"]:
    """Return for whom clients may cache: without ``cacheScope`` for everybody, if nobody has to authenticate."""
    key_path, guarded = expose.get_path("cacheScope"), expose.authentication is not None
    match expose.cache_scope:
        case "private":
            return "private"
        case "public" if guarded:
            context.report(rules.NO_EFFECT_PUBLIC(), key_path)
        case None | "public":
            return "private" if guarded else "public"
        case other:
            advice = suggest(other, ("public", "private"), helps.ONE_OF)
            context.report(rules.INVALID_VALUE_CACHE_SCOPE(value=other), key_path, advice)
    return "private"
