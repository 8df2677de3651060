"""What one MCP server serves, and how it describes itself. Uses nothing of the MCP SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.exposes.mcp.encode_result import ServerInfo
from naftiko_runtime.exposes.mcp.paging import PagedList
from naftiko_runtime.exposes.mcp.tools import ToolServer

if TYPE_CHECKING:
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.plan import McpServer, Tool
    from naftiko_runtime.telemetry.server_requests import ToolInstrumentation

_GENERAL: Final = {True: ("server/discover",), False: ("initialize", "ping")}
"""The methods of every server, by whether the revision is stateless."""
_OF_TOOLS: Final = ("tools/list", "tools/call")


class McpContents:
    """What one MCP server serves.

    Attributes:
        server: The exposed server.
        tools: Its tools.
        tool_list: The entries of ``tools/list``.
        methods: The methods of requests that it serves, by whether the revision is stateless.
    """

    def __init__(
        self, bound: BoundServer[McpServer, Tool], policy: CallerPolicy, observed: ToolInstrumentation | None = None
    ) -> None:
        self.server = bound.server
        self.tools = ToolServer(bound, policy, observed)
        self.tool_list = PagedList(self.tools.list_tools())
        self.methods = {stateless: (*general, *_OF_TOOLS) for stateless, general in _GENERAL.items()}

    def describe_server(self) -> ServerInfo:
        """Return the description of the server, and its first page of tools."""
        server = self.server
        info = {"name": server.name or server.namespace, "title": server.title, "version": server.version}
        about: dict[str, Any] = {"capabilities": self._list_capabilities()}
        if server.instructions is not None:
            about["instructions"] = server.instructions
        return ServerInfo(info, about, self.tool_list.first, ttl_ms=server.list_ttl_ms, cache_scope=server.cache_scope)

    def _list_capabilities(self) -> dict[str, Any]:
        """Return what clients may ask for."""
        return {"tools": {"listChanged": False}}
