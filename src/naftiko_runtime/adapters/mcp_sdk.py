"""The SDK's low-level server, with our tools behind it. It speaks every revision, and costs half a second of import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    InboundModernRoute,
    classify_inbound_request,
    decode_header_value,
)
from mcp_types import methods
from pydantic import ValidationError

from naftiko_runtime._version import __version__
from naftiko_runtime.adapters.mcp_wire import STATELESS

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from naftiko_runtime.adapters.edge import Scope
    from naftiko_runtime.adapters.mcp_tools import ToolServer

_BLOCKS: Final[dict[str, Any]] = {
    "text": types.TextContent,
    "image": types.ImageContent,
    "audio": types.AudioContent,
    "resource": types.EmbeddedResource,
}
_PARAMS: Final[dict[str, type[types.RequestParams]]] = {
    "tools/call": types.CallToolRequestParams,
    "tools/list": types.PaginatedRequestParams,
}


def sdk_server(tools: ToolServer) -> Server[Any]:
    """The SDK's server that answers with these tools."""
    handlers = _Handlers(tools)
    return Server(
        tools.plan.namespace,
        version=__version__,
        title=tools.plan.title,
        instructions=tools.plan.instructions,
        on_list_tools=handlers.list,
        on_call_tool=handlers.call,
        # Without it, the SDK lists all tools for every call to find one schema.
        get_tool_input_schema=tools.schemas.get,
    )


def session_manager(server: Server[Any], body_bytes_max: int) -> StreamableHTTPSessionManager:
    """What answers requests by the SDK's server; it keeps no session."""
    return StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        # Host and Origin are checked before the SDK sees a request: it can only compare them with fixed lists.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=body_bytes_max,
    )


class _Handlers:
    """Answers in the SDK's terms."""

    def __init__(self, tools: ToolServer) -> None:
        self._tools = tools
        self._listing = types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in tools.listed()])

    async def list(self, context: ServerRequestContext[Any], _params: Any) -> types.ListToolsResult:
        check_headers(context, "tools/list", None)
        return self._listing

    async def call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        check_headers(context, "tools/call", params.name)
        if not self._tools.has(params.name):
            raise MCPError(types.INVALID_PARAMS, f"unknown tool: {params.name}")
        scope = None if context.request is None else context.request.scope
        result = await self._tools.result(params.name, params.arguments or {}, scope, context.meta)
        return types.CallToolResult(
            content=[_BLOCKS[result.block["type"]].model_validate(result.block)],
            structured_content=result.structured,
            is_error=result.is_error,
        )


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


def is_sound(message: dict[str, Any], version: str, scope: Scope) -> bool:
    """Whether the SDK would take a message that can be odd in nothing but its envelope."""
    params = message["params"]
    if version in STATELESS:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute):
            return False
    elif (
        isinstance(meta := params.get("_meta"), dict) and meta.get(types.PROTOCOL_VERSION_META_KEY, version) != version
    ):
        return False
    try:
        methods.validate_client_request(message["method"], version, params)
        _PARAMS.get(message["method"], types.RequestParams).model_validate(params, by_name=False)
    except (ValidationError, KeyError, ValueError):
        return False
    return True
