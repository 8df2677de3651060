"""The SDK's low-level server with our tools. It supports every revision; its import takes half a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import methods
from pydantic import ValidationError

from naftiko_runtime.exposes.mcp.paging import UnknownCursorError
from naftiko_runtime.exposes.mcp.tool_result import make_numbers_plain
from naftiko_runtime.telemetry.mcp import MCP_PATH

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from naftiko_runtime.exposes.mcp.contents import McpContents
    from naftiko_runtime.exposes.mcp.paging import ListPage, PagedList

_BLOCKS: Final[dict[str, Any]] = {
    "text": types.TextContent,
    "image": types.ImageContent,
    "audio": types.AudioContent,
    "resource": types.EmbeddedResource,
}
_LISTS: Final[tuple[methods.CacheableMethod, ...]] = ("tools/list", "server/discover")
"""Methods whose results change only with a reload."""


def _make_server(contents: McpContents) -> Server[Any]:
    tools, served = _ToolHandlers(contents), contents.server
    return Server(
        served.name or served.namespace,
        version=served.version,
        title=served.title,
        instructions=served.instructions,
        cache_hints=dict.fromkeys(_LISTS, CacheHint(served.list_ttl_ms, served.cache_scope)),
        on_list_tools=tools.list_tools,
        on_call_tool=tools.call_tool,
        # Without it, the SDK lists all tools for every call to find one schema.
        get_tool_input_schema=contents.tools.schemas.get,
    )


async def make_session_manager(contents: McpContents, body_bytes_max: int) -> StreamableHTTPSessionManager:
    """Return the SDK's manager of a server with these contents. It keeps no sessions."""
    return StreamableHTTPSessionManager(
        await asyncio.to_thread(_make_server, contents),
        json_response=True,
        stateless=True,
        # Host and Origin are checked before the SDK sees a request: it can only compare them with fixed lists.
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=body_bytes_max,
    )


def _get_page(paged: PagedList, params: types.PaginatedRequestParams | None) -> ListPage:
    """Return the page that a client asks for.

    Raises:
        MCPError: The cursor is unknown.
    """
    try:
        return paged.get_page(None if params is None else params.cursor)
    except UnknownCursorError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None


class _ToolHandlers:
    """The handlers of tools."""

    def __init__(self, contents: McpContents) -> None:
        self._tools = contents.tools
        self._listed = contents.tool_list
        self._models = {tool["name"]: types.Tool.model_validate(tool) for tool in contents.tool_list.items}

    async def list_tools(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        page = _get_page(self._listed, params)
        tools = [self._models[tool["name"]] for tool in page.items]
        return types.ListToolsResult(tools=tools, next_cursor=page.next_cursor)

    async def call_tool(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        MCP_PATH.set("sdk")
        _check_name_header(context, params.name)
        if not self._tools.has(params.name):
            raise MCPError(types.INVALID_PARAMS, self._tools.describe_unknown(params.name))
        scope = None if context.request is None else context.request.scope
        result = await self._tools.result(params.name, params.arguments or {}, scope, context.meta)
        return types.CallToolResult(
            content=[_BLOCKS[block["type"]].model_validate(block) for block in result.blocks],
            structured_content=make_numbers_plain(result.structured),
            is_error=result.is_error,
        )


def _check_name_header(context: ServerRequestContext[Any], name: str) -> None:
    """Reject a call whose header names another tool than its body: a proxy may route by the header.

    The SDK checks this only where the version header names a stateless revision.

    Raises:
        MCPError: The names differ.
    """
    header = None if context.request is None else context.request.headers.get(MCP_NAME_HEADER)
    if header is not None and decode_header_value(header) != name:
        raise MCPError(types.HEADER_MISMATCH, "the Mcp-Name header differs from params.name")


def find_params_fault(message: dict[str, Any], version: str) -> str | None:
    """Return what is wrong with the parameters of a request, in our words, or None."""
    params = message.get("params")
    try:
        methods.validate_client_request(message["method"], version, params)
    except ValidationError as error:
        faults: dict[str, dict[str, None]] = {}
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            place = _find_place(one["loc"], {"params": {} if params is None else params})
            faults.setdefault(place, {})[_REASONS.get(one["type"], "does not match the protocol")] = None
        shown = [f"{place}: {' or '.join(reasons)}" for place, reasons in list(faults.items())[:_FAULTS_MAX]]
        more = f"; and {len(faults) - _FAULTS_MAX} more" if len(faults) > _FAULTS_MAX else ""
        return "; ".join(shown) + more
    return None


def _find_place(location: tuple[int | str, ...], message: Any) -> str:
    """Return the place of a fault in a message.

    The names of the SDK's types are removed from its location.
    """
    place, value = "", message
    for number, step in enumerate(location):
        known = (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int))
        if not known and (number < len(location) - 1 or not isinstance(value, dict)):
            continue
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"['{step}']"
        value = value[step] if known else None
    return place.removeprefix(".")


_REASONS: Final = {
    "missing": "is required",
    "string_type": "must be a string",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be a boolean",
    "bool_parsing": "must be a boolean",
    "none_required": "must be null",
}
"""What a fault that the SDK finds is called here, where it has a short name."""

_FAULTS_MAX: Final = 5
