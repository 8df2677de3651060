"""MCP over streamable HTTP. The interface is :class:`naftiko_runtime.exposes.kind.ExposeKind`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from naftiko_runtime.exposes.mcp.describe import find_routes, get_url_path, list_entries, make_example_command
from naftiko_runtime.exposes.mcp.inherit_from_functions import inherit
from naftiko_runtime.exposes.mcp.link import link
from naftiko_runtime.exposes.mcp.lint import CHECKS, list_operations
from naftiko_runtime.exposes.mcp.revisions import STATELESS
from naftiko_runtime.exposes.mcp.skip_broken import keep_servable
from naftiko_runtime.limits import HALF_CLOSED_MCP_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi_types import App, Scope
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.plan import DynamicResource, McpServer, Tool

__all__ = [
    "AWAITS_MESSAGE",
    "CHECKS",
    "find_routes",
    "get_half_closed_seconds",
    "get_url_path",
    "inherit",
    "keep_servable",
    "link",
    "list_entries",
    "list_operations",
    "make_example_command",
    "open_app",
]

AWAITS_MESSAGE = True

_CANCELLED_BY_CLOSING: Final = frozenset(version.encode() for version in STATELESS)
"""Revisions in which a closed connection cancels the request."""


def get_half_closed_seconds(_configured_seconds: float, scope: Scope) -> float:
    """Return how long a call continues. The protocol revision decides."""
    version = dict(scope["headers"]).get(b"mcp-protocol-version")
    return 0.0 if version in _CANCELLED_BY_CLOSING else HALF_CLOSED_MCP_SECONDS


@asynccontextmanager
async def open_app(
    servers: Sequence[BoundServer[McpServer, Tool | DynamicResource]], services: AppServices
) -> AsyncIterator[App]:
    """Open the application of the servers of one port: all of them as one, and each by itself."""
    from naftiko_runtime.exposes.mcp.app import open_mcp_app, open_stdio_app  # noqa: PLC0415 - validate serves nothing
    from naftiko_runtime.exposes.mcp.merge import merge  # noqa: PLC0415 - the same

    merged, alone = merge(servers), servers if len(servers) > 1 else ()
    if merged.server.transport == "stdio":
        opening = open_stdio_app(merged, services)
    else:
        opening = open_mcp_app(merged, services, alone)
    async with opening as app:
        yield app
