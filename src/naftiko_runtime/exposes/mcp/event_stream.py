"""A response that is a stream of server-sent events, each with one JSON-RPC message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.exposes.mcp.write_json import write_json

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Send
    from naftiko_runtime.upstream.interface import Header

EVENTS: Final = b"text/event-stream"
_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", EVENTS),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream:
    """Sends events. The head of the response is sent with the first of them."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def start(self) -> None:
        """Send the head."""
        if not self.started:
            self.started = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send a message."""
        await self._send_body(_render_event(write_json(message)))

    async def send_comment(self) -> None:
        """Send a comment, so that nobody closes an idle connection."""
        await self._send_body(b": \n\n")

    async def finish(self, message: bytes | None = None) -> None:
        """Send the last message, if there is one, and end the stream."""
        await self.start()
        body = b"" if message is None else _render_event(message)
        await self._send({"type": "http.response.body", "body": body})

    async def _send_body(self, body: bytes) -> None:
        await self.start()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})


def _render_event(message: bytes) -> bytes:
    return b"event: message\ndata: " + message.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n\n"


def accepts_events(accept: bytes | None) -> bool:
    """Return whether an ``Accept`` header names a stream of events, or any type of text."""
    if accept is None or not accept.strip():
        return True
    kinds = {part.partition(b";")[0].strip() for part in accept.lower().split(b",")}
    return not kinds.isdisjoint((EVENTS, b"text/*", b"*/*"))
