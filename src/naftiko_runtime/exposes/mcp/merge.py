"""MCP servers that share a port, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.bind_plan import BoundServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.engine.operation import BoundOperation
    from naftiko_runtime.plan import BrokenTool, McpServer, Tool


def merge(servers: Sequence[BoundServer[McpServer, Tool]]) -> BoundServer[McpServer, Tool]:
    """Merge servers. The first of two tools with one name counts."""
    first = servers[0].plan
    if len(servers) == 1:
        return servers[0]
    tools: dict[str, tuple[Tool, BoundOperation]] = {}
    broken: list[BrokenTool] = []
    instructions: list[str] = []
    plans = [server.plan for server in servers]
    for server in servers:
        for tool, operation in server.parts:
            tools.setdefault(tool.name, (tool, operation))
        broken += server.plan.broken
        instructions += [server.plan.instructions] if server.plan.instructions else []
    plan = replace(
        first,
        namespace="+".join(plan.namespace for plan in plans),
        title=", ".join(dict.fromkeys(plan.title for plan in plans)),
        instructions="\n\n".join(instructions) or None,
        tools=tuple(tool for tool, _ in tools.values()),
        broken=tuple(one for one in broken if one.name not in tools),
        version=first.version if len({plan.version for plan in plans}) == 1 else None,
        ttl_ms=min(plan.ttl_ms for plan in plans),
        cache_scope="public" if all(plan.cache_scope == "public" for plan in plans) else "private",
    )
    return BoundServer(plan, tuple(tools.values()))
