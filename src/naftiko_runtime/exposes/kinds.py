"""The table of the kinds of exposes: from an expose or its server to the package of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose, SkillExpose
from naftiko_runtime.exposes import control, mcp, rest, skill, unserved
from naftiko_runtime.plan import McpServer, RestServer, SkillServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.exposes.kind import ExposeKind, ServedKind
    from naftiko_runtime.plan import Server


_NOT_SERVED: Final[dict[str, ExposeKind[OtherExpose, Any]]] = {"control": control}


def get_kind(server: Server) -> ServedKind[Any, Any]:
    """Return the package that serves a server."""
    match server:
        case RestServer():
            return rest
        case McpServer():
            return mcp
        case SkillServer():
            return skill
        case _:
            assert_never(server)


def list_mcp_servers(servers: Iterable[Server]) -> list[McpServer]:
    """Return the MCP servers among servers."""
    return [server for server in servers if isinstance(server, McpServer)]


def list_skill_servers(servers: Iterable[Server]) -> list[SkillServer]:
    """Return the servers of skills among servers."""
    return [server for server in servers if isinstance(server, SkillServer)]


def get_expose_kind(expose: Expose) -> ExposeKind[Any, Any]:
    """Return the package that links and checks an expose."""
    match expose:
        case RestExpose():
            return rest
        case McpExpose():
            return mcp
        case SkillExpose():
            return skill
        case OtherExpose():
            return _NOT_SERVED.get(expose.type, unserved)
        case _:
            assert_never(expose)
