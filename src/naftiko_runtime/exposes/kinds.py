"""The table of the kinds of exposes: from an expose or its server to the package of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from naftiko_runtime.document.exposes import McpExpose, RestExpose
from naftiko_runtime.exposes import mcp, rest
from naftiko_runtime.plan import McpServer, RestServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.exposes import LinkedExpose
    from naftiko_runtime.exposes.kind import ExposeKind
    from naftiko_runtime.plan import Server


def kind_of(server: Server) -> ExposeKind[Any, Any]:
    """The package that serves a server."""
    match server:
        case RestServer():
            return rest
        case McpServer():
            return mcp
        case _:
            assert_never(server)


def kind_of_expose(expose: LinkedExpose) -> ExposeKind[Any, Any]:
    """The package that links an expose."""
    match expose:
        case RestExpose():
            return rest
        case McpExpose():
            return mcp
        case _:
            assert_never(expose)


def select_rest(servers: Iterable[Server]) -> list[RestServer]:
    """The servers that OpenAPI can describe."""
    return [server for server in servers if isinstance(server, RestServer)]
