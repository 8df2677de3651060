"""What one MCP server serves, and how it describes itself. Uses nothing of the MCP SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.exposes.mcp.completion import CompletionServer
from naftiko_runtime.exposes.mcp.encode_result import ServerInfo
from naftiko_runtime.exposes.mcp.paging import PagedList
from naftiko_runtime.exposes.mcp.prompts import PromptServer
from naftiko_runtime.exposes.mcp.required_scopes import RequiredScopes
from naftiko_runtime.exposes.mcp.resources import ResourceServer
from naftiko_runtime.exposes.mcp.skills import EXTENSIONS, SkillContents
from naftiko_runtime.exposes.mcp.skills import METHODS as SKILL_METHODS
from naftiko_runtime.exposes.mcp.tools import ToolServer
from naftiko_runtime.plan import DynamicResource, Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.plan import McpServer
    from naftiko_runtime.telemetry.server_requests import ToolInstrumentation

_GENERAL: Final = {True: ("server/discover", "subscriptions/listen"), False: ("initialize", "ping")}
"""The methods of every server, by whether the revision is stateless."""
_METHODS: Final = {
    "tools": ("tools/list", "tools/call"),
    "resources": ("resources/list", "resources/templates/list", "resources/read"),
    "prompts": ("prompts/list", "prompts/get"),
    "completions": ("completion/complete",),
}
"""The methods of each capability."""
_CAPABILITIES: Final[dict[str, dict[str, bool]]] = {
    "tools": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": False},
    "prompts": {"listChanged": True},
    "completions": {},
}


class McpContents:
    """What one MCP server serves.

    Attributes:
        server: The exposed server.
        tools: Its tools.
        required_scopes: The scopes that single tools, resources and prompts need.
        resources: Its resources.
        prompts: Its prompts.
        completion: Completes arguments of prompts and of templates.
        skills: Its skills. Their files are resources as well.
        extensions: What it declares beside its capabilities.
        lists: The entries of each list, by its method.
        capabilities: The names of what it has.
        methods: The methods of requests that it serves, by whether the revision is stateless.
    """

    def __init__(
        self,
        bound: BoundServer[McpServer, Tool | DynamicResource],
        policy: CallerPolicy,
        observed: ToolInstrumentation | None = None,
    ) -> None:
        self.server = bound.server
        tools = [(part, operation) for part, operation in bound.parts if isinstance(part, Tool)]
        resources = [(part, operation) for part, operation in bound.parts if isinstance(part, DynamicResource)]
        self.tools = ToolServer(bound.server, tools, policy, observed)
        self.required_scopes = RequiredScopes(bound.server, bound.guard)
        self.resources = ResourceServer(bound.server, resources, policy)
        self.prompts = PromptServer(bound.server)
        self.completion = CompletionServer(bound.server)
        self.skills = SkillContents(bound.server.skills)
        self.extensions = EXTENSIONS if self.skills.entries else {}
        self.lists = {
            "tools/list": PagedList(self.tools.list_tools()),
            "resources/list": PagedList(self.resources.entries),
            "resources/templates/list": PagedList(self.resources.templates),
            "prompts/list": PagedList(self.prompts.entries),
        }
        self.capabilities = tuple(self._iter_capabilities())
        own = [method for name in self.capabilities for method in _METHODS[name]]
        own += SKILL_METHODS if self.extensions else ()
        self.methods = {stateless: (*general, *own) for stateless, general in _GENERAL.items()}

    def _iter_capabilities(self) -> Iterator[str]:
        if not self.resources.is_empty:
            yield "resources"
        if not self.prompts.is_empty:
            yield "prompts"
        if not self.completion.is_empty:
            yield "completions"
        if not self.tools.is_empty:
            yield "tools"

    @property
    def server_info(self) -> dict[str, str]:
        """The name, title and version of the server."""
        server = self.server
        return {"name": server.name or server.namespace, "title": server.title, "version": server.version}

    def describe_server(self) -> ServerInfo:
        """Return the description of the server, and its first page of tools."""
        server = self.server
        capabilities: dict[str, Any] = {name: _CAPABILITIES[name] for name in self.capabilities}
        if self.extensions:
            capabilities["extensions"] = self.extensions
        about: dict[str, Any] = {"capabilities": capabilities}
        if server.instructions is not None:
            about["instructions"] = server.instructions
        return ServerInfo(self.server_info, about, self.lists["tools/list"].first, server.caching)
