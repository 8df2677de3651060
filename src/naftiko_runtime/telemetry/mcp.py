"""Span attributes of an MCP message, by OpenTelemetry's conventions.

The message and its response are kept while they pass, and parsed when a recorded span ends.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, MutableMapping

    from naftiko_runtime.asgi_types import Receive, Send
    from naftiko_runtime.telemetry.span_attributes import Value

McpPath = Literal["fast", "sdk"]
"""Which path handles an MCP message: the fast path, or that of the SDK."""

MCP_PATH: Final[ContextVar[McpPath | None]] = ContextVar("mcp_path", default=None)
"""The path of the tool call that runs; every log line of the call shows it."""

_TEXT_CHARACTERS_MAX: Final = 256
_TARGETS: Final = {
    "tools/call": ("name", "gen_ai.tool.name"),
    "prompts/get": ("name", "gen_ai.prompt.name"),
    "resources/read": ("uri", "mcp.resource.uri"),
    "resources/subscribe": ("uri", "mcp.resource.uri"),
    "resources/unsubscribe": ("uri", "mcp.resource.uri"),
}
"""For each method with a target: the parameter that names the target, and its attribute."""
METHODS: Final = frozenset(
    {
        *_TARGETS,
        "completion/complete",
        "initialize",
        "logging/setLevel",
        "notifications/cancelled",
        "notifications/initialized",
        "notifications/progress",
        "notifications/roots/list_changed",
        "ping",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "server/discover",
        "tools/list",
    }
)
"""The methods that may name a span; callers can invent any number of others."""
_VERSION_HEADER: Final = b"mcp-protocol-version"
_VERSION_KEY: Final = "io.modelcontextprotocol/protocolVersion"
_EVENT: Final = b"data:"


class MessageWatch:
    """Keeps a copy of one message and its response as they pass."""

    __slots__ = ("_headers", "_message", "_receive", "_response", "_send")

    def __init__(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Prepare the copy.

        Args:
            headers: The headers of the request.
            receive: ASGI: returns the message.
            send: ASGI: sends the response.
        """
        self._headers = headers
        self._receive = receive
        self._send = send
        self._message = b""
        self._response = b""

    async def receive(self) -> MutableMapping[str, Any]:
        """Receive a part of the message (ASGI)."""
        event = await self._receive()
        if len(self._message) <= limits.TRACED_MESSAGE_BYTES_MAX:
            self._message += event.get("body", b"")
        return event

    def send(self, event: MutableMapping[str, Any]) -> Awaitable[None]:
        """Send a part of the response (ASGI)."""
        if len(self._response) <= limits.TRACED_MESSAGE_BYTES_MAX:
            self._response += event.get("body", b"")
        return self._send(event)

    def build_attributes(self) -> dict[str, Value]:
        """Return the attributes; none for a batch, or for bytes that are not a message."""
        message = _parse_message(self._message)
        if not isinstance(method := message.get("method"), str):
            return {}
        attributes: dict[str, Value] = {"mcp.method.name": method[:_TEXT_CHARACTERS_MAX]}
        params = _as_mapping(message.get("params"))
        if method in _TARGETS:
            parameter, attribute = _TARGETS[method]
            if isinstance(target := params.get(parameter), str):
                attributes[attribute] = target[:_TEXT_CHARACTERS_MAX]
        if method == "tools/call":
            attributes["gen_ai.operation.name"] = "execute_tool"
        if isinstance(identity := message.get("id"), int | str):
            attributes["jsonrpc.request.id"] = str(identity)[:_TEXT_CHARACTERS_MAX]
        response = _parse_message(_extract_event(self._response))
        if version := self._find_version(params, _as_mapping(response.get("result"))):
            attributes["mcp.protocol.version"] = version[:_TEXT_CHARACTERS_MAX]
        if isinstance(code := _as_mapping(response.get("error")).get("code"), int):
            attributes["rpc.response.status_code"] = attributes["error.type"] = str(code)
        return attributes

    def _find_version(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> str:
        """Return the protocol version that the response, the message or the request names."""
        named = result.get("protocolVersion") or _as_mapping(params.get("_meta")).get(_VERSION_KEY)
        return named if isinstance(named, str) else self._headers.get(_VERSION_HEADER, b"").decode("latin-1")


def _extract_event(response: bytes) -> bytes:
    """Return the data of the last event of a stream; anything else unchanged."""
    if response.startswith(b"{"):
        return response
    events = [line for line in response.splitlines() if line.startswith(_EVENT)]
    return events[-1].removeprefix(_EVENT) if events else response


def _parse_message(body: bytes) -> Mapping[str, Any]:
    """Return a message; an empty one if it is invalid or too large."""
    if not body or len(body) > limits.TRACED_MESSAGE_BYTES_MAX:
        return {}
    try:
        return _as_mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def _as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
