"""The handlers of the SDK's server: they translate between its types and our contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value

from naftiko_runtime.exposes.mcp.completion import CompletionError
from naftiko_runtime.exposes.mcp.paging import UnknownCursorError
from naftiko_runtime.exposes.mcp.progress import stream_call
from naftiko_runtime.exposes.mcp.prompts import BrokenPromptError, PromptError
from naftiko_runtime.exposes.mcp.resources import ReadError
from naftiko_runtime.exposes.mcp.revisions import STATELESS
from naftiko_runtime.exposes.mcp.tool_result import make_numbers_plain
from naftiko_runtime.telemetry.mcp import MCP_PATH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.context import ServerRequestContext
    from mcp.server.session import ServerSession

    from naftiko_runtime.exposes.mcp.paging import ListPage, PagedList
    from naftiko_runtime.exposes.mcp.server_contents import McpContents

_BLOCKS: Final[dict[str, Any]] = {
    "text": types.TextContent,
    "image": types.ImageContent,
    "audio": types.AudioContent,
    "resource": types.EmbeddedResource,
}
_LEGACY_NOT_FOUND: Final = -32002
"""Of the revisions with a handshake; later ones forbid it."""


def _get_page(paged: PagedList, params: types.PaginatedRequestParams | None) -> ListPage:
    """Return the page that a client asks for.

    Raises:
        MCPError: The cursor is unknown.
    """
    try:
        return paged.get_page(None if params is None else params.cursor)
    except UnknownCursorError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None


class ToolHandlers:
    """The handlers of tools."""

    def __init__(self, contents: McpContents) -> None:
        self._tools = contents.tools
        self._listed = contents.lists["tools/list"]
        self._models = {tool["name"]: types.Tool.model_validate(tool) for tool in contents.lists["tools/list"].items}

    async def list_tools(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Handle ``tools/list``."""
        page = _get_page(self._listed, params)
        tools = [self._models[tool["name"]] for tool in page.items]
        return types.ListToolsResult(tools=tools, next_cursor=page.next_cursor)

    async def call_tool(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Handle ``tools/call``."""
        MCP_PATH.set("sdk")
        _check_name_header(context, params.name)
        if not self._tools.has(params.name):
            raise MCPError(types.INVALID_PARAMS, self._tools.describe_unknown(params.name))
        scope = None if context.request is None else context.request.scope
        call = self._tools.result(params.name, params.arguments or {}, scope, context.meta)
        if self._tools.has_progress(params.name):
            call = stream_call(call, "", _SdkStream(context.session))
        result = await call
        return types.CallToolResult(
            content=[_BLOCKS[block["type"]].model_validate(block) for block in result.blocks],
            structured_content=make_numbers_plain(result.structured),
            is_error=result.is_error,
        )


class _SdkStream:
    """Sends progress by the SDK, which knows whether the client wants it."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send a progress notification."""
        params = message["params"]
        await self._session.report_progress(params["progress"], params.get("total"), params["message"])

    async def send_comment(self) -> None:
        """Do nothing: the SDK keeps its streams open."""


def _check_name_header(context: ServerRequestContext[Any], name: str, place: str = "params.name") -> None:
    """Reject a request whose header names another target than its body: a proxy may route by the header.

    The SDK checks this only where the version header names a stateless revision.

    Raises:
        MCPError: The names differ.
    """
    header = None if context.request is None else context.request.headers.get(MCP_NAME_HEADER)
    if header is not None and decode_header_value(header) != name:
        raise MCPError(types.HEADER_MISMATCH, f"the Mcp-Name header differs from {place}")


class ResourceHandlers:
    """The handlers of resources."""

    def __init__(self, contents: McpContents) -> None:
        self._resources = contents.resources
        self._listed = contents.lists["resources/list"]
        self._templates = contents.lists["resources/templates/list"]

    async def list_resources(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """Handle ``resources/list``."""
        page = _get_page(self._listed, params)
        resources = [types.Resource.model_validate(entry) for entry in page.items]
        return types.ListResourcesResult(resources=resources, next_cursor=page.next_cursor)

    async def list_templates(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Handle ``resources/templates/list``."""
        page = _get_page(self._templates, params)
        templates = [types.ResourceTemplate.model_validate(entry) for entry in page.items]
        return types.ListResourceTemplatesResult(resource_templates=templates, next_cursor=page.next_cursor)

    async def read_resource(
        self, context: ServerRequestContext[Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """Handle ``resources/read``."""
        MCP_PATH.set("sdk")
        _check_name_header(context, params.uri, "params.uri")
        scope = None if context.request is None else context.request.scope
        try:
            content = await self._resources.read(params.uri, scope)
        except ReadError as error:
            raise _translate_read_error(error, params.uri, context.protocol_version) from None
        kind = types.TextResourceContents if "text" in content.entry else types.BlobResourceContents
        contents = [kind.model_validate(content.entry)]
        return types.ReadResourceResult(contents=contents, ttl_ms=content.ttl_ms, cache_scope=content.scope)


def _translate_read_error(error: ReadError, uri: str, version: str) -> MCPError:
    """Return the error of the client's era."""
    match error.problem:
        case "not-found":
            code = types.INVALID_PARAMS if version in STATELESS else _LEGACY_NOT_FOUND
            return MCPError(code, str(error), {"uri": uri})
        case "rejected":
            return MCPError(types.INVALID_PARAMS, str(error), {"uri": uri})
        case "failed":
            return MCPError(types.INTERNAL_ERROR, str(error))


class PromptHandlers:
    """The handlers of prompts."""

    def __init__(self, contents: McpContents) -> None:
        self._prompts = contents.prompts
        self._listed = contents.lists["prompts/list"]

    async def list_prompts(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """Handle ``prompts/list``."""
        page = _get_page(self._listed, params)
        prompts = [types.Prompt.model_validate(entry) for entry in page.items]
        return types.ListPromptsResult(prompts=prompts, next_cursor=page.next_cursor)

    async def get_prompt(
        self, context: ServerRequestContext[Any], params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """Handle ``prompts/get``."""
        _check_name_header(context, params.name, "params.name")
        try:
            return types.GetPromptResult.model_validate(self._prompts.get_prompt(params.name, params.arguments or {}))
        except PromptError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        except BrokenPromptError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from None


def complete_with(
    contents: McpContents,
) -> Callable[[ServerRequestContext[Any], types.CompleteRequestParams], Awaitable[types.CompleteResult]]:
    """Return the handler of completions."""

    async def complete(
        _context: ServerRequestContext[Any], params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        argument, completion = params.argument, contents.completion
        try:
            match params.ref:
                case types.PromptReference(name=name):
                    found = completion.complete("prompt", name, argument.name, argument.value)
                case types.ResourceTemplateReference(uri=uri):
                    found = completion.complete("template", uri, argument.name, argument.value)
        except CompletionError as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        return types.CompleteResult(completion=types.Completion.model_validate(found))

    return complete
