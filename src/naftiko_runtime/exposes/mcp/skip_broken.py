"""Removes the broken tools of an MCP expose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.plan import BrokenTool, Tool
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpExpose
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.plan import McpServer


def keep_servable(expose: McpExpose, server: McpServer, broken_parts: BrokenParts) -> McpServer:
    """Return the server without its broken tools, which respond with the reason."""
    tools: list[Tool] = []
    broken: dict[str, BrokenTool] = {}
    for exposed in expose.tools:
        tool = broken_parts.parts.get(exposed.get_path())
        if reason := broken_parts.find_reason_against(exposed.get_path(), tool, exposed.call):
            named = exposed.get_path("name") not in broken_parts.unread
            what = nouns.TOOL(name=exposed.name) if named else nouns.SOME_TOOL()
            part = nouns.PART_OF_EXPOSE(part=what, namespace=expose.namespace)
            broken_parts.left_out.append(LeftOut(part, reason))
            if named:
                broken.setdefault(exposed.name, BrokenTool(exposed.name, reason))
        elif isinstance(tool, Tool):
            tools.append(tool)
    kept = {tool.name for tool in tools}
    left = tuple(one for name, one in broken.items() if name not in kept)
    return replace(server, tools=tuple(tools), broken=left)
