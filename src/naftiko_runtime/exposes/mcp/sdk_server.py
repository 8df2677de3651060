"""The SDK's low-level server with our contents. It supports every revision; its import takes half a second."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mcp.server.caching import CacheHint
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import methods
from pydantic import ValidationError

from naftiko_runtime.exposes.mcp.sdk_handlers import PromptHandlers, ResourceHandlers, ToolHandlers, complete_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import mcp_types as types
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.exposes.mcp.server_contents import McpContents

_LISTS: Final[tuple[methods.CacheableMethod, ...]] = (
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
)
"""Methods whose results change only with a reload."""


def _make_server(contents: McpContents) -> Server[Any]:
    """Return the SDK's server. It declares the capabilities of the handlers that it gets."""
    served, offered = contents.server, frozenset(contents.capabilities)
    tools, resources, prompts = ToolHandlers(contents), ResourceHandlers(contents), PromptHandlers(contents)
    has_tools, has_resources, has_prompts = (name in offered for name in ("tools", "resources", "prompts"))
    server = _NotifyingServer(
        served.name or served.namespace,
        version=served.version,
        title=served.title,
        instructions=served.instructions,
        cache_hints=dict.fromkeys(_LISTS, CacheHint(served.caching.list_ttl_ms, served.caching.scope)),
        on_list_tools=tools.list_tools if has_tools else None,
        on_call_tool=tools.call_tool if has_tools else None,
        # Without it, the SDK lists all tools for every call to find one schema.
        get_tool_input_schema=contents.tools.schemas.get,
        on_list_resources=resources.list_resources if has_resources else None,
        on_list_resource_templates=resources.list_templates if has_resources else None,
        on_read_resource=resources.read_resource if has_resources else None,
        on_list_prompts=prompts.list_prompts if has_prompts else None,
        on_get_prompt=prompts.get_prompt if has_prompts else None,
        on_completion=complete_with(contents) if "completions" in offered else None,
    )
    if contents.extensions:
        server.extensions = contents.extensions
        server.middleware.append(partial(_declare_extensions, contents.extensions))
    return server


async def _declare_extensions(
    extensions: dict[str, dict[str, Any]], context: ServerRequestContext[Any, Any], call_next: CallNext
) -> HandlerResult:
    """Add the extensions to the result of ``initialize``: the SDK drops what older revisions have no field for."""
    result = await call_next(context)
    if context.method == "initialize" and isinstance(result, dict):
        result["capabilities"]["extensions"] = extensions
    return result


async def make_session_manager(contents: McpContents, body_bytes_max: int) -> SessionManagers:
    """Return the manager of a server with these contents. It keeps no sessions."""
    return SessionManagers(await asyncio.to_thread(_make_server, contents), body_bytes_max)


class SessionManagers:
    """The SDK's managers of one server: one responds with JSON, the other one with streams."""

    def __init__(self, server: Server[Any], body_bytes_max: int) -> None:
        self._managers = {
            streams: StreamableHTTPSessionManager(
                server,
                json_response=not streams,
                stateless=True,
                # Host and Origin are checked before the SDK sees a request: it can only compare them with fixed lists.
                security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
                max_request_body_size=body_bytes_max,
            )
            for streams in (False, True)
        }

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Run both."""
        async with self._managers[False].run(), self._managers[True].run():
            yield

    async def handle_request(self, scope: Scope, receive: Receive, send: Send, *, streams: bool) -> None:
        """Handle a request."""
        await self._managers[streams].handle_request(scope, receive, send)


class _NotifyingServer(Server[Any]):
    """A server that notifies of changed lists in both eras. The SDK knows only its own way to do that."""

    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,  # noqa: ARG002 - always the same ones
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,  # noqa: ARG002 - the same in all of them
    ) -> types.ServerCapabilities:
        """Return the capabilities: all lists can change, and nobody can subscribe to a resource."""
        return super().get_capabilities(NotificationOptions(True, True, True), experimental_capabilities, extensions)


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
