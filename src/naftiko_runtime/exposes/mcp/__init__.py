"""MCP: tools over streamable HTTP. The interface is :class:`naftiko_runtime.exposes.kind.ExposeKind`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from naftiko_runtime.exposes.mcp.describe import example_command, find_routes, list_entries, url_path
from naftiko_runtime.exposes.mcp.link import link
from naftiko_runtime.exposes.mcp.lint import CHECKS, list_operations
from naftiko_runtime.exposes.mcp.revisions import STATELESS
from naftiko_runtime.exposes.mcp.skip_broken import keep_sound
from naftiko_runtime.limits import HALF_CLOSED_MCP_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi import App, Scope
    from naftiko_runtime.bind import BoundServer
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.plan import McpServer, Tool
    from naftiko_runtime.telemetry.observer import Observer

__all__ = [
    "AWAITS_MESSAGE",
    "CHECKS",
    "example_command",
    "find_routes",
    "half_closed_seconds",
    "keep_sound",
    "link",
    "list_entries",
    "list_operations",
    "open_app",
    "url_path",
]

AWAITS_MESSAGE = True

_CANCELLED_BY_CLOSING: Final = frozenset(version.encode() for version in STATELESS)
"""Revisions in which a closed connection cancels the request."""


def half_closed_seconds(_configured_seconds: float, scope: Scope) -> float:
    """How long a call goes on after its client ended its side of the connection; the revision decides."""
    version = dict(scope["headers"]).get(b"mcp-protocol-version")
    return 0.0 if version in _CANCELLED_BY_CLOSING else HALF_CLOSED_MCP_SECONDS


@asynccontextmanager
async def open_app(
    servers: Sequence[BoundServer[McpServer, Tool]], policy: CallerPolicy, observer: Observer | None
) -> AsyncIterator[App]:
    """The application of the servers of one port: all of them as one, and each by itself."""
    from naftiko_runtime.exposes.mcp.app import mcp_app  # noqa: PLC0415 - validate serves nothing
    from naftiko_runtime.exposes.mcp.merge import merge  # noqa: PLC0415 - the same

    async with mcp_app(merge(servers), policy, servers if len(servers) > 1 else (), observer) as app:
        yield app
