"""Servers, with their routes, forwards, tools, resources and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.plan.resources import DynamicResource, Prompt, ResourceFolder
from naftiko_runtime.plan.skills import Skill, SkillServer
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.diagnostic import Reason, Span
    from naftiko_runtime.plan.operation import Operation
    from naftiko_runtime.plan.resources import BrokenPrompt, BrokenResource
    from naftiko_runtime.rules import NounPhrase, Statement
    from naftiko_runtime.terms import Argument


def remove_placeholder_names(pattern: Sequence[str | Argument]) -> str:
    """Return a route's path without the names of its placeholders, which make no difference for routing."""
    return "".join(piece if isinstance(piece, str) else "{}" for piece in pattern)


class Route(Struct, frozen=True):
    """A REST route.

    Attributes:
        method: The HTTP method, in capitals.
        path: The path in the document.
        pattern: The path split: decoded literals, and arguments that span (a part of) one segment.
        operation: What it calls.
        required_scopes: The scopes that callers need, besides those that the server needs.
    """

    method: str
    path: str
    pattern: tuple[str | Argument, ...]
    operation: Operation
    required_scopes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Equal for routes that match the same requests."""
        return self.method, remove_placeholder_names(self.pattern)

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.ROUTE(method=self.method, path=self.path)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        message = rules.DUPLICATE_ROUTE_ON_PORT
        return message(method=self.method, path=self.path, first=first, second=second, port=port)


class ForwardRoute(Struct, frozen=True):
    """A part of a REST server whose requests go to an API unchanged.

    Attributes:
        path: The path in the document.
        pattern: The prefix of paths: the document's path without the placeholder at its end.
        trusted_headers: The caller's headers that are passed on, in lower case.
        operation: The call, without inputs.
    """

    path: str
    pattern: tuple[str | Argument, ...]
    trusted_headers: tuple[str, ...]
    operation: Operation

    @property
    def key(self) -> tuple[str, str]:
        """Equal for forwards that match the same requests."""
        return "*", remove_placeholder_names(self.pattern)

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.FORWARD(path=self.path)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_ROUTE_FORWARD_ON_PORT(path=self.path, first=first, second=second, port=port)

    @property
    def namespace(self) -> str:
        """The namespace of the called API."""
        return ", ".join(upstream.namespace for upstream in self.operation.execution.upstreams)


class Tool(Struct, frozen=True):
    """An MCP tool.

    Attributes:
        name: Its name.
        title: Its name for people.
        description: What it does.
        hints: Pairs of MCP's name for an annotation and its value.
        operation: What it calls.
        required_scopes: The scopes that callers need, besides those that the server needs.
    """

    name: str
    title: str | None
    description: str
    hints: tuple[tuple[str, bool], ...]
    operation: Operation
    required_scopes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Equal for tools with the same calls."""
        return "tool", self.name

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.TOOL(name=self.name)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_NAME_ON_PORT(name=self.name, first=first, second=second, port=port)


class BrokenRoute(Struct, frozen=True):
    """A route that was left out, and why; the method of a forward is ``*``."""

    method: str
    path: str
    pattern: tuple[str | Argument, ...]
    reason: Reason


class BrokenTool(Struct, frozen=True):
    """A tool that was left out, and why."""

    name: str
    reason: Reason

    @property
    def key(self) -> tuple[str, str]:
        """Equal to that of a tool with the same name."""
        return "tool", self.name


STDIO_ADDRESS: Final = "stdio:"
"""The address of a server over standard input and output. No host can have this name."""


class RestServer(Struct, frozen=True):
    """A REST expose."""

    kind: ClassVar = "rest"
    url_paths: ClassVar = ("",)
    """The paths of its port that it is at; its own URL has the first."""
    transport: ClassVar = "http"

    namespace: str
    address: str
    port: int
    span: Span
    routes: tuple[Route, ...]
    broken: tuple[BrokenRoute, ...] = ()
    guard: Credential | None = None
    """The authentication that callers need."""
    forwards: tuple[ForwardRoute, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of its routes, then those of its forwards."""
        return (*(r.operation for r in self.routes), *(f.operation for f in self.forwards))

    @property
    def parts(self) -> tuple[Route | ForwardRoute, ...]:
        """The routes and forwards that requests are sent to."""
        return (*self.routes, *self.forwards)

    @property
    def all_parts(self) -> tuple[Route | ForwardRoute, ...]:
        """All its parts. Each has an operation."""
        return self.parts

    def remove_parts(self, parts: Collection[int]) -> RestServer:
        """Return the server without some of its parts, by their indexes."""
        routes = tuple(route for i, route in enumerate(self.routes) if i not in parts)
        forwards = tuple(forward for i, forward in enumerate(self.forwards, len(self.routes)) if i not in parts)
        return replace(self, routes=routes, forwards=forwards)

    def map_operations(self, change: Callable[[Operation], Operation]) -> RestServer:
        """Return the server with other operations."""
        routes = tuple(replace(route, operation=change(route.operation)) for route in self.routes)
        forwards = tuple(replace(forward, operation=change(forward.operation)) for forward in self.forwards)
        return replace(self, routes=routes, forwards=forwards)


class Caching(Struct, frozen=True):
    """For how long clients of an MCP server may cache, and for whom.

    Attributes:
        list_ttl_ms: For what only a reload changes, in milliseconds.
        read_ttl_ms: For what is read from an API, in milliseconds.
        scope: Whether what a client caches may be served to others.
    """

    list_ttl_ms: int = 0
    read_ttl_ms: int = 0
    scope: Literal["public", "private"] = "private"


class McpServer(Struct, frozen=True):
    """An MCP expose."""

    namespace: str
    address: str
    port: int
    span: Span
    title: str
    instructions: str | None
    version: str
    tools: tuple[Tool, ...]
    resources: tuple[DynamicResource | ResourceFolder, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    broken: tuple[BrokenTool | BrokenResource | BrokenPrompt, ...] = ()
    guard: Credential | None = None
    """The authentication that callers need."""
    caching: Caching = Caching()
    """For how long clients may cache, and for whom."""
    name: str = ""
    """The name that clients see, if it is not the namespace."""
    skills: tuple[Skill, ...] = ()
    """The skills of other servers that its clients get as well."""

    @property
    def kind(self) -> Literal["mcp"]:
        """The type of the expose."""
        return "mcp"

    @property
    def url_paths(self) -> tuple[str, ...]:
        """The paths of its port that it is at; its own URL has the first."""
        return "/mcp", "/", f"/{self.namespace}/mcp"

    @property
    def transport(self) -> Literal["http", "stdio"]:
        """Over standard input and output, it has no port, and callers need no authentication."""
        return "stdio" if self.address == STDIO_ADDRESS else "http"

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of its tools, then those of its resources."""
        return tuple(part.operation for part in self.parts)

    @property
    def parts(self) -> tuple[Tool | DynamicResource, ...]:
        """The parts that have an operation."""
        return (*self.tools, *(one for one in self.resources if isinstance(one, DynamicResource)))

    @property
    def all_parts(self) -> tuple[Tool | DynamicResource | ResourceFolder | Prompt, ...]:
        """The tools, resources and prompts."""
        return (*self.tools, *self.resources, *self.prompts)

    def remove_parts(self, parts: Collection[int]) -> McpServer:
        """Return the server without some of its parts, by their indexes."""
        kept = [part for i, part in enumerate(self.all_parts) if i not in parts]
        return replace(
            self,
            tools=tuple(part for part in kept if isinstance(part, Tool)),
            resources=tuple(part for part in kept if isinstance(part, DynamicResource | ResourceFolder)),
            prompts=tuple(part for part in kept if isinstance(part, Prompt)),
        )

    def map_operations(self, change: Callable[[Operation], Operation]) -> McpServer:
        """Return the server with other operations."""
        return replace(
            self,
            tools=tuple(replace(tool, operation=change(tool.operation)) for tool in self.tools),
            resources=tuple(
                replace(one, operation=change(one.operation)) if isinstance(one, DynamicResource) else one
                for one in self.resources
            ),
        )


Server: TypeAlias = RestServer | McpServer | SkillServer

ServedPart: TypeAlias = Route | ForwardRoute | Tool | DynamicResource
"""A part of a server that has an operation."""

AnyPart: TypeAlias = ServedPart | ResourceFolder | Prompt | Skill
"""A part of a server that requests are sent to."""
