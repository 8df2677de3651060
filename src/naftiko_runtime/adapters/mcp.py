"""MCP: tools to operations, answers to content. The SDK's low-level server speaks every revision."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_NAME_HEADER, decode_header_value

from naftiko_runtime._version import __version__
from naftiko_runtime.adapters.content import Result, failure, result_of
from naftiko_runtime.adapters.mcp_direct import DirectCalls
from naftiko_runtime.adapters.problem import send_problem_document, send_unauthorized
from naftiko_runtime.engine.body import checked_json, fields_of
from naftiko_runtime.engine.multipart import content_type_of, fields_as_multipart
from naftiko_runtime.engine.request import Invocation
from naftiko_runtime.errors import CallError, Fault, Rejected
from naftiko_runtime.plan import McpServer, OpenBody
from naftiko_runtime.template import Unrenderable, in_query, utf8

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping, Sequence

    from mcp.server.context import ServerRequestContext

    from naftiko_runtime.adapters.edge import App, Edge, Receive, Scope, Send
    from naftiko_runtime.bind import BoundServer
    from naftiko_runtime.engine.operation import BoundOperation
    from naftiko_runtime.plan import Tool
    from naftiko_runtime.transport.base import Header

log = logging.getLogger(__name__)
PATHS: Final = frozenset({"/mcp", "/"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ALLOW: Final = (b"allow", b"OPTIONS, POST")
_BLOCKS: Final[dict[str, Any]] = {
    "text": types.TextContent,
    "image": types.ImageContent,
    "audio": types.AudioContent,
    "resource": types.EmbeddedResource,
}


@asynccontextmanager
async def mcp_app(server: BoundServer, edge: Edge, members: Sequence[BoundServer] = ()) -> AsyncIterator[App]:
    """The ASGI application of the MCP exposes of one port, for as long as the context lasts.

    It keeps no session: every request carries all that answering it needs, so any replica can.

    Args:
        server: What is served at ``/mcp`` and ``/``.
        edge: The operator's choices.
        members: Of which it is the union, when it is one; each is served at ``/{namespace}/mcp``.
    """
    guard = PageGuard(edge, loopback=server.plan.address in _LOOPBACK)
    union = _Endpoint(server, edge)
    endpoints = dict.fromkeys((*PATHS, f"/{server.plan.namespace}/mcp"), union)
    endpoints |= {f"/{member.plan.namespace}/mcp": _Endpoint(member, edge) for member in members}
    async with AsyncExitStack() as stack:
        for endpoint in dict.fromkeys(endpoints.values()):
            await stack.enter_async_context(endpoint.manager.run())

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if (endpoint := endpoints.get(scope["path"])) is None:
                await send_problem_document(send, 404, "no-such-route", "MCP is served at /mcp")
            elif (refusal := guard.refusal(scope)) is not None:
                await send_problem_document(send, 403, "origin-not-allowed", refusal)
            elif scope["method"] == "OPTIONS":
                headers = [_ALLOW, *preflight_headers(scope)]
                await send({"type": "http.response.start", "status": 204, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
            elif server.guard is not None and (unauthorized := server.guard.refusal(scope)) is not None:
                await send_unauthorized(readable_by_page(scope, send), unauthorized)
            elif scope["method"] != "POST":
                detail = "MCP is served without sessions: every message is a POST of its own"
                await send_problem_document(send, 405, "method-not-allowed", detail, headers=(_ALLOW,))
            else:
                await endpoint.answer(scope, receive, readable_by_page(scope, send))

        yield app


class _Endpoint:
    """What answers at one path: the straight way for calls of tools, the SDK for everything else."""

    def __init__(self, server: BoundServer, edge: Edge) -> None:
        tools = ToolServer(server, edge)
        sdk = tools.sdk()
        body_bytes_max = max(1, edge.body_bytes_max)
        self._direct = DirectCalls(tools, sdk.server_info_stamp, body_bytes_max) if edge.mcp_direct else None
        self.manager = StreamableHTTPSessionManager(
            sdk,
            json_response=True,
            stateless=True,
            # Host and Origin are checked before the SDK sees a request: it can only compare them with fixed lists.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=body_bytes_max,
        )

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a POST."""
        left = receive if self._direct is None else await self._direct(scope, receive, send)
        if left is not None:
            await self.manager.handle_request(scope, left, send)


class PageGuard:
    """Keeps web pages of strangers away (DNS rebinding): a browser always names a page's origin on a POST."""

    def __init__(self, edge: Edge, *, loopback: bool) -> None:
        self._allowed = edge.allowed_origins
        self._loopback = loopback

    def refusal(self, scope: Scope) -> str | None:
        """Why a request is refused; nothing when it is welcome."""
        headers = dict(scope["headers"])
        host = _host_name(headers.get(b"host", b""))
        if self._loopback and host not in _LOOPBACK:
            return "this server listens on this machine only, and the Host header names another"
        if (origin := headers.get(b"origin")) is None:
            return None
        text = origin.decode("latin-1")
        if text in self._allowed or "*" in self._allowed:
            return None
        # A page of this machine may call a server that was asked for by a name of this machine.
        if _host_name(text.partition("://")[2].encode("latin-1")) in _LOOPBACK and host in _LOOPBACK:
            return None
        return "web pages of this origin may not call this server; the operator can add it with --allow-origin"


def _page_headers(scope: Scope) -> list[Header]:
    """What lets a page's script read an answer; nothing for callers that are no pages."""
    origin = dict(scope["headers"]).get(b"origin")
    return [] if origin is None else [(b"access-control-allow-origin", origin), (b"vary", b"origin")]


def preflight_headers(scope: Scope) -> list[Header]:
    """The answer to a browser that asks before a page's call whether the page may make it."""
    if not (headers := _page_headers(scope)):
        return []
    asked = dict(scope["headers"]).get(b"access-control-request-headers", b"content-type")
    return [
        *headers,
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", b"600"),
    ]


def readable_by_page(scope: Scope, send: Send) -> Send:
    """Let the page that calls read the answer."""
    if not (headers := _page_headers(scope)):
        return send

    async def with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return with_headers


def _host_name(authority: bytes) -> str:
    """The host of ``host:port``, without the port and an address's brackets."""
    try:
        return (urlsplit("//" + authority.decode("latin-1")).hostname or "").lower()
    except ValueError:
        return ""


class ToolServer:
    """The tools of one expose, in the SDK's terms."""

    def __init__(self, server: BoundServer, edge: Edge) -> None:
        plan = server.plan
        assert isinstance(plan, McpServer)  # noqa: S101 - narrows the type
        self._plan = plan
        self._edge = edge
        pairs = zip(plan.tools, server.operations, strict=True)
        self._broken = {tool.name: tool.reason for tool in plan.broken}
        self._operations = {tool.name: operation for tool, operation in pairs}
        self._schemas = {tool.name: input_schema(tool) for tool in plan.tools}
        self._listing = types.ListToolsResult(tools=[_listed(tool, self._schemas[tool.name]) for tool in plan.tools])

    def sdk(self) -> Server[Any]:
        """The SDK's server that answers with these tools."""
        return Server(
            self._plan.namespace,
            version=__version__,
            title=self._plan.title,
            instructions=self._plan.instructions,
            on_list_tools=self._list,
            on_call_tool=self._call,
            # Without it, the SDK lists all tools for every call to find one schema.
            get_tool_input_schema=self._schemas.get,
        )

    async def _list(self, context: ServerRequestContext[Any], _params: Any) -> types.ListToolsResult:
        check_headers(context, "tools/list", None)
        return self._listing

    async def _call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        check_headers(context, "tools/call", params.name)
        if not self.has(params.name):
            raise MCPError(types.INVALID_PARAMS, f"unknown tool: {params.name}")
        scope = None if context.request is None else context.request.scope
        result = await self.result(params.name, params.arguments or {}, scope)
        return types.CallToolResult(
            content=[_BLOCKS[result.block["type"]].model_validate(result.block)],
            structured_content=result.structured,
            is_error=result.is_error,
        )

    def has(self, name: str) -> bool:
        """Whether there is a tool of that name, be it one that was left out."""
        return name in self._operations or name in self._broken

    async def result(self, name: str, arguments: dict[str, Any], scope: Scope | None) -> Result:
        """Call a tool.

        Args:
            name: Of one that there is.
            arguments: What the caller gives, unchecked.
            scope: The request it came with, if any.
        """
        if (reason := self._broken.get(name)) is not None:
            return failure(reason)
        operation = self._operations[name]
        try:
            call = invocation(operation, arguments)
            if scope is not None:
                call.headers, call.caller_headers = self._edge.passed_on(scope)
            async with operation.run(call) as answer:
                return await result_of(answer, operation)
        except CallError as error:
            return failure(str(error))


def check_headers(context: ServerRequestContext[Any], method: str, name: str | None) -> None:
    """Refuse a request whose headers say something else than its body: whoever routes by headers was told a lie.

    The SDK checks this only where the version header names a stateless revision.

    Raises:
        MCPError: They differ.
    """
    if context.request is None:
        return
    headers = context.request.headers
    claimed = (context.meta or {}).get(types.PROTOCOL_VERSION_META_KEY, context.protocol_version)
    pairs = ((MCP_METHOD_HEADER, method), (MCP_NAME_HEADER, name))
    if claimed != context.protocol_version:
        raise MCPError(types.HEADER_MISMATCH, "mcp-protocol-version header does not match the request's envelope")
    for header, said in pairs:
        if (told := headers.get(header)) is not None and said is not None and decode_header_value(told) != said:
            raise MCPError(types.HEADER_MISMATCH, f"{header} header does not match the request's body")


def input_schema(tool: Tool) -> dict[str, Any]:
    """A tool's input schema; an open one says where its arguments go."""
    schema = tool.operation.contract.schema()
    if tool.operation.contract.open:
        fields = "body fields" if isinstance(tool.operation.request.body, OpenBody) else "query parameters"
        request = tool.operation.request
        schema["description"] = f"Arguments become {fields} of {request.method} {request.operation}."
    return schema


def _listed(tool: Tool, schema: dict[str, Any]) -> types.Tool:
    outline = tool.operation.outline
    annotations = types.ToolAnnotations.model_validate(dict(tool.hints)) if tool.hints else None
    return types.Tool(
        name=tool.name,
        title=tool.title or tool.name,
        description=tool.description,
        input_schema=schema,
        output_schema=outline.schema if outline is not None else None,
        annotations=annotations,
    )


def invocation(operation: BoundOperation, arguments: dict[str, Any]) -> Invocation:
    """A tool call as the engine takes it: what is not named becomes the open query or the open body.

    Raises:
        Rejected: The arguments do not fit the contract.
    """
    values, extras = operation.contract.admit_arguments(arguments)
    call = Invocation(values=values)
    try:
        if isinstance(body := operation.plan.request.body, OpenBody):
            call.body = made = open_body(body.kind, extras)
            call.body_headers = ((b"content-type", open_type(body, made)),)
        else:
            call.query = open_query(extras)
    except Unrenderable as error:
        raise Rejected(Fault("", "arguments", str(error))) from None
    return call


def open_type(plan: OpenBody, body: bytes) -> bytes:
    """The content type of a body that :func:`open_body` made."""
    return content_type_of(body) if plan.kind == "multipart" else plan.content_type.encode()


def open_body(kind: Literal["json", "text", "form", "multipart"], arguments: dict[str, Any]) -> bytes:
    """Arguments as a body: an object or a form of them, or the one called ``body`` as the whole."""
    if kind == "multipart":
        return fields_as_multipart(arguments)
    whole = arguments["body"] if list(arguments) == ["body"] else arguments
    if kind == "json" or (kind == "text" and not isinstance(whole, str)):
        return checked_json(whole)
    if isinstance(whole, str):
        return utf8(whole)
    return open_query(whole) if isinstance(whole, dict) else checked_json(whole)


def open_query(arguments: dict[str, Any]) -> bytes:
    """Arguments as a query string; a list repeats its name, an object is JSON, null is left out."""
    fields = (field for name, value in arguments.items() for field in fields_of(in_query(name), value))
    return "&".join(fields).encode()
