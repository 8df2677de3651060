"""What a span says of an MCP message, by OpenTelemetry's conventions.

The message and its answer are only kept while they pass, and read when a span that is recorded ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, MutableMapping

    from naftiko_runtime.asgi import Receive, Send
    from naftiko_runtime.telemetry.span_attributes import Value

_TEXT_CHARACTERS_MAX: Final = 256
_TARGETS: Final = {
    "tools/call": ("name", "gen_ai.tool.name"),
    "prompts/get": ("name", "gen_ai.prompt.name"),
    "resources/read": ("uri", "mcp.resource.uri"),
    "resources/subscribe": ("uri", "mcp.resource.uri"),
    "resources/unsubscribe": ("uri", "mcp.resource.uri"),
}
"""The parameter that names what a method is about, and the attribute that tells it."""
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
"""Those that may name a span; callers can invent others, without end."""
_VERSION_HEADER: Final = b"mcp-protocol-version"
_VERSION_KEY: Final = "io.modelcontextprotocol/protocolVersion"
_EVENT: Final = b"data:"


class MessageWatch:
    """Keeps one message and its answer as they pass."""

    __slots__ = ("_answer", "_headers", "_message", "_receive", "_send")

    def __init__(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Prepare it.

        Args:
            headers: The request's.
            receive: Gives the message.
            send: Takes the answer.
        """
        self._headers = headers
        self._receive = receive
        self._send = send
        self._message = b""
        self._answer = b""

    async def receive(self) -> MutableMapping[str, Any]:
        """ASGI."""
        event = await self._receive()
        if len(self._message) <= limits.TRACED_MESSAGE_BYTES_MAX:
            self._message += event.get("body", b"")
        return event

    def send(self, event: MutableMapping[str, Any]) -> Awaitable[None]:
        """ASGI."""
        if len(self._answer) <= limits.TRACED_MESSAGE_BYTES_MAX:
            self._answer += event.get("body", b"")
        return self._send(event)

    def attributes(self) -> dict[str, Value]:
        """What they say; nothing of a batch, or of what is no message."""
        message = _read(self._message)
        if not isinstance(method := message.get("method"), str):
            return {}
        attributes: dict[str, Value] = {"mcp.method.name": method[:_TEXT_CHARACTERS_MAX]}
        params = _mapping(message.get("params"))
        if method in _TARGETS:
            parameter, attribute = _TARGETS[method]
            if isinstance(target := params.get(parameter), str):
                attributes[attribute] = target[:_TEXT_CHARACTERS_MAX]
        if method == "tools/call":
            attributes["gen_ai.operation.name"] = "execute_tool"
        if isinstance(identity := message.get("id"), int | str):
            attributes["jsonrpc.request.id"] = str(identity)[:_TEXT_CHARACTERS_MAX]
        answer = _read(_event_data(self._answer))
        if version := self._version(params, _mapping(answer.get("result"))):
            attributes["mcp.protocol.version"] = version[:_TEXT_CHARACTERS_MAX]
        if isinstance(code := _mapping(answer.get("error")).get("code"), int):
            attributes["rpc.response.status_code"] = attributes["error.type"] = str(code)
        return attributes

    def _version(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> str:
        """The revision that the answer, the message or the request names."""
        named = result.get("protocolVersion") or _mapping(params.get("_meta")).get(_VERSION_KEY)
        return named if isinstance(named, str) else self._headers.get(_VERSION_HEADER, b"").decode("latin-1")


def _event_data(answer: bytes) -> bytes:
    """The last event of a stream; anything else as it is."""
    if answer.startswith(b"{"):
        return answer
    events = [line for line in answer.splitlines() if line.startswith(_EVENT)]
    return events[-1].removeprefix(_EVENT) if events else answer


def _read(body: bytes) -> Mapping[str, Any]:
    """A message; an empty one for what is none, or too large."""
    if not body or len(body) > limits.TRACED_MESSAGE_BYTES_MAX:
        return {}
    try:
        return _mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
