"""MCP servers that share a port, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime._version import __version__
from naftiko_runtime.bind_plan import BoundServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.engine.operation import BoundOperation
    from naftiko_runtime.plan import BrokenTool, McpServer, Tool

PROGRAM: Final = "naftiko-runtime"
"""The name of several servers as one."""


def merge(servers: Sequence[BoundServer[McpServer, Tool]]) -> BoundServer[McpServer, Tool]:
    """Merge servers. The first of two tools with one name counts."""
    first = servers[0].server
    if len(servers) == 1:
        return servers[0]
    tools: dict[str, tuple[Tool, BoundOperation]] = {}
    broken: list[BrokenTool] = []
    instructions: list[str] = []
    planned = [bound.server for bound in servers]
    for bound in servers:
        for tool, operation in bound.parts:
            tools.setdefault(tool.name, (tool, operation))
        broken += bound.server.broken
        instructions += [bound.server.instructions] if bound.server.instructions else []
    server = replace(
        first,
        namespace="+".join(server.namespace for server in planned),
        title=", ".join(dict.fromkeys(server.title for server in planned)),
        instructions="\n\n".join(instructions) or None,
        tools=tuple(tool for tool, _ in tools.values()),
        broken=tuple(one for one in broken if one.name not in tools),
        name=PROGRAM,
        version=first.version if len({server.version for server in planned}) == 1 else __version__,
        list_ttl_ms=min(server.list_ttl_ms for server in planned),
        read_ttl_ms=min(server.read_ttl_ms for server in planned),
        cache_scope="public" if all(server.cache_scope == "public" for server in planned) else "private",
    )
    return BoundServer(server, tuple(tools.values()))
