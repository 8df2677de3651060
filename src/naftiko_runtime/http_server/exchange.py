"""One request and its response as ASGI messages.

Head and body are written together: ASGI lets a server hold the head back until the first piece of a body.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from naftiko_runtime.asgi_types import SendProgress

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from naftiko_runtime.asgi_types import Header, Scope
    from naftiko_runtime.http_server.flow_control import FlowControl
    from naftiko_runtime.http_server.listener_state import ListenerState
    from naftiko_runtime.http_server.request_reader import RequestReader

_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES: Final = {n: f"HTTP/1.1 {n} {_REASONS.get(n, '')}\r\n".encode() for n in range(100, 600)}
_WITHOUT_BODY: Final = (204, 304)
_NUL: Final = 0
"""A number: searching for bytes in bytes raises a hidden exception, which doubles the cost."""
_LINE: Final = b": ".join
_CHUNKED: Final = b"transfer-encoding: chunked\r\n"
_CLOSE: Final = b"connection: close\r\n"
_RESET: Final = struct.pack("ii", 1, 0)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class ExchangeConnection(Protocol):
    """A connection, as its exchanges use it."""

    transport: asyncio.Transport
    flow: FlowControl
    listener: ListenerState
    reader: RequestReader

    def end_response(self, exchange: ServerExchange) -> None:
        """Go on with the next request, or end the connection: the response is complete."""


class ServerExchange(SendProgress):
    """One request: the connection adds its body, the application sends its response."""

    __slots__ = (
        "_chunked",
        "_connection",
        "_ends_by_closing",
        "_head",
        "_left_bytes",
        "_news",
        "_waiter",
        "body",
        "disconnected",
        "expects_continue",
        "keep_alive",
        "more_body",
        "response_complete",
        "scope",
        "status",
    )

    def __init__(
        self,
        connection: ExchangeConnection,
        scope: Scope,
        *,
        expects_continue: bool,
        keep_alive: bool,
    ) -> None:
        self.scope = scope
        self._connection = connection
        self.disconnected = False
        self.keep_alive = keep_alive
        self.expects_continue = expects_continue
        self.body = b""
        self.more_body = True
        self.status = 0
        self.response_complete = False
        self._news = False
        self._waiter: asyncio.Event | None = None
        self._head = b""
        self._chunked = False
        self._ends_by_closing = False
        self._left_bytes = 0

    # -- called by the connection --------------------------------------------------------------------------------

    def notify(self) -> None:
        """Wake the application: more of the body, its end, or the end of the connection has arrived."""
        self._news = True
        if self._waiter is not None:
            self._waiter.set()

    def break_off(self) -> None:
        """Abort the connection, unless the response is complete, so that no caller takes a part of it for the whole.

        If the end of the connection ends the body, only a reset shows that the body is incomplete.
        """
        if self.response_complete:
            return
        transport = self._connection.transport
        if self._ends_by_closing and not transport.is_closing():
            connected = transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()

    # -- called by the application --------------------------------------------------------------------------------

    async def receive(self) -> MutableMapping[str, Any]:
        """Wait for the next part of the body, or for the end of the exchange (ASGI ``receive``)."""
        if self.expects_continue and not self._connection.transport.is_closing():
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.expects_continue = False
        if not self.disconnected and not self.response_complete:
            self._connection.flow.resume_reading()
            if not self._news:
                if self._waiter is None:
                    self._waiter = asyncio.Event()
                self._waiter.clear()
                await self._waiter.wait()
            self._news = False
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = self.body, b""
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send the head of the response, then its body (ASGI ``send``). Do nothing once the caller has disconnected.

        Raises:
            RuntimeError: The messages are out of order, the body does not have the declared length, or a header
                contains a line break or NUL.
        """
        flow = self._connection.flow
        if flow.write_paused and not self.disconnected:
            await flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if self.response_complete:
            raise RuntimeError(f"'{kind}' after the response is complete")
        if not self.status:
            if kind != "http.response.start":
                raise RuntimeError(f"'{kind}' before the head of the response")
            self._begin(message["status"], list(message.get("headers", ())))
        elif kind != "http.response.body":
            raise RuntimeError(f"'{kind}' in the body of the response")
        else:
            self._continue(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: Sequence[Header]) -> None:
        """Build the head; it is sent with the first part of the body."""
        self.status = status
        self.expects_continue = False
        self._chunked, self._left_bytes = False, 0
        default_headers = self._connection.listener.default_headers
        pieces = [_STATUS_LINES[status], default_headers.lines]
        framed, closes = self._append_headers(headers, pieces, closes=default_headers.closes)
        bodyless = self.scope["method"] == "HEAD" or status in _WITHOUT_BODY
        if not framed and not bodyless:
            if self.scope["http_version"] == "1.0":  # no chunks there: the end of the connection ends the body
                self._ends_by_closing, self.keep_alive = True, False
            else:
                self._chunked = True
                pieces.append(_CHUNKED)
        if not self.keep_alive and not closes:
            pieces.append(_CLOSE)
        pieces.append(b"\r\n")
        head = b"".join(pieces)
        ends = default_headers.count + len(headers) + len(pieces) - 2
        if head.count(b"\n") != ends or head.count(b"\r") != ends or _NUL in head:
            self.status = 0
            raise RuntimeError("a header of the response contains a line break or NUL")
        self._head = head

    def _append_headers(self, headers: Sequence[Header], pieces: list[bytes], *, closes: bool) -> tuple[bool, bool]:
        """Add the application's headers; returns whether they frame the body, and whether they end the connection."""
        framed = False
        if closes or (self.more_body and not self._connection.reader.is_body_short()):
            self.keep_alive = False  # the caller may have much left to send
        pieces.append(b"\r\n".join([*map(_LINE, headers), b""]))
        for name, value in headers:
            if name in _FRAMING:
                if name == b"content-length":
                    self._left_bytes, framed = int(value), True
                elif name == b"transfer-encoding":
                    self._chunked = framed = True
                elif b"close" in value.lower():
                    self.keep_alive, closes = False, True
        return framed, closes

    def _continue(self, body: bytes, *, more: bool) -> None:
        """Write a piece of the body."""
        head, self._head = self._head, b""
        if self.scope["method"] == "HEAD":
            self._left_bytes, body = 0, b""
        elif self._chunked:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if not more:
                body += b"0\r\n\r\n"
        elif not self._ends_by_closing:
            self._left_bytes -= len(body)
            if self._left_bytes < 0:
                raise RuntimeError("the body of the response is longer than declared")
        if head:
            self._connection.transport.write(head + body)
        elif body:
            self._connection.transport.write(body)
        if not more:
            self._end()

    def _end(self) -> None:
        if self._left_bytes:
            raise RuntimeError("the body of the response is shorter than declared")
        self.response_complete = True
        self.notify()
        self._connection.end_response(self)
