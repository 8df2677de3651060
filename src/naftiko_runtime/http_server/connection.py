"""A connection of a caller: HTTP/1.1 for ASGI applications, hardened for callers from the internet.

Its states, events and invariants are in docs/adr/0018.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

from naftiko_runtime.http_server.exchange import ServerExchange
from naftiko_runtime.http_server.flow_control import FlowControl
from naftiko_runtime.http_server.pipeline import Pipeline
from naftiko_runtime.http_server.rejection import (
    TOO_MANY_CONNECTIONS,
    TOO_MANY_PIPELINED,
    StopParsingError,
    render_rejection,
)
from naftiko_runtime.http_server.request_head import make_scope
from naftiko_runtime.http_server.request_reader import RequestReader
from naftiko_runtime.http_server.timer import Timer

if TYPE_CHECKING:
    from naftiko_runtime.http_server.listener_state import ListenerState
    from naftiko_runtime.http_server.rejection import Rejection
    from naftiko_runtime.http_server.request_head import Address


class ConnectionState(Enum):
    """How the bytes that a caller sends are handled."""

    READING = auto()
    """They are parsed as requests."""
    REJECTED = auto()
    """They are dropped. A rejection is sent after the responses to the requests before it."""
    HALF_CLOSED = auto()
    """There are none: the caller has half-closed the connection and waits for responses, or has left."""
    LINGERING = auto()
    """They are dropped. Our side is closed, and the caller has some time to read the last response."""
    CLOSING = auto()
    """They are not read. The connection closes when everything written is sent."""


READING: Final = ConnectionState.READING


class ServerConnection(asyncio.Protocol):
    """One connection, from its beginning to its end."""

    def __init__(self, listener: ListenerState) -> None:
        self.listener = listener
        self._limits = listener.limits
        self.transport: asyncio.Transport
        self.flow: FlowControl
        self.state = READING
        self.reader = RequestReader(self, listener.limits)
        self._loop = loop = asyncio.get_running_loop()
        self._pipeline = Pipeline(listener, loop)
        self._timer = Timer(loop, listener.limits.timer_grace_seconds)
        self._client: Address | None
        self._server: Address | None
        self._rejection = b""
        """The response to a rejected request, until it is sent."""
        self._idle_since = 0.0

    # -- requests -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to wait for the head of the first request."""
        self.transport = cast("asyncio.Transport", transport)
        self.flow = FlowControl(self.transport, self._limits.write_stall_seconds)
        self._client, self._server = _read_address(transport, "peername"), _read_address(transport, "sockname")
        connections = self.listener.connections
        connections.add(self)
        if len(connections) > self._limits.connections_max + self._limits.connections_refused_max:
            self.state = ConnectionState.CLOSING
            self.listener.count_rejection(TOO_MANY_CONNECTIONS.code)
            self.transport.abort()
        elif len(connections) > self._limits.connections_max:
            self._reject(TOO_MANY_CONNECTIONS)
        else:
            self._timer.start_lenient(self._limits.head_seconds, self._close_slow)

    def data_received(self, data: bytes) -> None:
        """Parse bytes of heads and bodies."""
        if self.state is READING:
            self.reader.feed(data)
            if self.state is READING and not self.transport.is_closing():
                self._await_head()

    def _await_head(self) -> None:
        """Bound the time of a head, when that is what the connection waits for."""
        if self.reader.in_head and self._timer.handle is None and self._pipeline.is_idle():
            self._timer.start_lenient(self._limits.head_seconds, self._close_slow)

    def begin_request(self) -> None:
        """Run the application for a complete head, or reject the request.

        Raises:
            StopParsingError: The request is rejected.
            HttpParserInvalidURLError: Its target is invalid.
        """
        self._timer.stop()
        reader, parser = self.reader, self.reader.parser
        rejection = TOO_MANY_PIPELINED if self._pipeline.is_full() else reader.check_head()
        if rejection is not None:
            self._reject(rejection, bodyless=parser.get_method() == b"HEAD")
            raise StopParsingError
        head = reader.head
        scope = make_scope(head, parser.get_method(), reader.url, reader.headers, self._client, self._server)
        modern = head.version != "1.0"
        exchange = ServerExchange(
            self,
            scope,
            expects_continue=modern and head.expects_continue,
            keep_alive=modern and parser.should_keep_alive(),
        )
        if self._pipeline.add(exchange):
            self.flow.pause_reading()
        if head.framing:
            self._timer.start_lenient(self._limits.body_idle_seconds, self._close_slow)

    def add_body(self, body: bytes) -> None:
        """Pass a part of the body to the last request."""
        exchange = self._pipeline.last
        if exchange is not None and not exchange.response_complete:
            exchange.body += body
            if len(exchange.body) > self._limits.buffered_bytes_max:
                self.flow.pause_reading()
            exchange.notify()
        self._timer.start_lenient(self._limits.body_idle_seconds, self._close_slow)

    def end_request(self) -> None:
        """Mark the last request as complete."""
        exchange = self._pipeline.last
        if exchange is not None and not exchange.response_complete:
            exchange.more_body = False
            exchange.notify()
        self._timer.stop()

    def end_response(self, exchange: ServerExchange) -> None:
        """Start the next request, or end the connection: a response is complete."""
        if not exchange.keep_alive:
            self._end_after(exchange)
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._idle_since = self._loop.time()
        if not self._pipeline.start_next() and self.reader.head_begun:
            self._await_head()
        if self._rejection and self._pipeline.is_idle() and not self.transport.is_closing():
            self._send_rejection()

    def _end_after(self, exchange: ServerExchange) -> None:
        """End the connection after its last response: at once, unless the caller may still be sending."""
        if exchange.more_body or self.flow.read_paused or self._pipeline.has_waiting():
            self._linger()
        else:
            self.transport.close()

    # -- rejection ------------------------------------------------------------------------------------------------

    def reject_unparsed(self, rejection: Rejection) -> None:
        """Reject bytes that are not a request; in a body, close the connection without a response."""
        if self.state is not READING:  # the parser was stopped, or fails on the rest of what is rejected anyway
            return
        if self.reader.in_head:
            self._reject(rejection)
        else:
            self.state = ConnectionState.CLOSING
            self.transport.close()

    def _reject(self, rejection: Rejection, *, bodyless: bool = False) -> None:
        """Send an error response after the responses before it, and end the connection."""
        self.state = ConnectionState.REJECTED
        listener = self.listener
        listener.count_rejection(rejection.code)
        self._timer.stop()
        render = listener.config.render_error
        self._rejection = render_rejection(rejection, listener.headers, render, bodyless=bodyless)
        if self._pipeline.is_idle():
            self._send_rejection()

    def _send_rejection(self) -> None:
        self.transport.write(self._rejection)
        self._rejection = b""
        self._linger()

    # -- lingering close ------------------------------------------------------------------------------------------

    def _linger(self) -> None:
        """Close our side and drop what still arrives: closing with unread bytes would reset the connection."""
        self.state = ConnectionState.LINGERING
        self._rejection = b""  # the last response was the one that ends the connection
        self._pipeline.drop_waiting()
        self._timer.stop()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._timer.start(self._limits.refused_seconds, self.transport.close)

    # -- time -----------------------------------------------------------------------------------------------------

    def _close_slow(self) -> None:
        """Close the connection: a head, or the next part of a body, did not arrive in time."""
        if self.flow.read_paused:  # the application holds the caller back, not the other way round
            self._timer.start_lenient(self._limits.body_idle_seconds, self._close_slow)
        elif not self.transport.is_closing():
            self.transport.close()

    def check_timeouts(self, now: float) -> None:
        """Close an idle connection; abort one whose caller does not read. Call this about once a second."""
        unused = self._timer.handle is None and self.reader.in_head and self._pipeline.is_idle()
        if unused and now - self._idle_since > self._limits.keep_alive_seconds:
            self.transport.close()
        self.flow.check_stall(now)

    def pause_writing(self) -> None:
        """Let the application wait: the caller reads more slowly than it writes."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Let the application continue."""
        self.flow.resume_writing()

    # -- the operator ---------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Close the connection after the response in progress.

        A caller that has just connected may have sent a request already, so it gets a short time for it.
        """
        last = self._pipeline.last
        if last is not None and not last.response_complete:
            last.keep_alive = False
        elif self.state is not READING or (last is not None and not self.reader.head_begun):
            self.transport.close()
        else:
            self._timer.start_lenient(self._limits.last_request_seconds, self._close_slow)

    def abort_unsent(self) -> bool:
        """Drop the unsent rest of a complete response; return whether there was any."""
        if not self._pipeline.is_idle() or self.transport.get_write_buffer_size() == 0:
            return False
        self.transport.abort()
        return True

    # -- the caller's end -----------------------------------------------------------------------------------------

    def eof_received(self) -> bool:
        """Handle a half-close: the caller may wait for its response, or have left. Only a write would show which.

        The request in progress therefore gets a limited time. Its response ends the connection.
        """
        last = self._pipeline.last
        if self.state is ConnectionState.LINGERING or last is None or last.response_complete or last.more_body:
            return False  # neither side has anything to send
        last.keep_alive = bool(self._rejection)
        self.state = ConnectionState.HALF_CLOSED
        self._timer.stop()
        self._loop.call_soon(self._wait_half_closed)  # first, the application may respond at once
        return True

    def _wait_half_closed(self) -> None:
        current = self._pipeline.current
        if self.state is not ConnectionState.HALF_CLOSED or current is None or current.response_complete:
            return
        ask = self.listener.config.half_closed_seconds
        if seconds := self._limits.half_closed_seconds if ask is None else ask(current.scope):
            self._timer.start(seconds, self._give_up_half_closed)
        else:
            self.transport.close()

    def _give_up_half_closed(self) -> None:
        if self.transport.get_write_buffer_size():  # it may be reading: check_timeouts handles that
            self._wait_half_closed()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Cancel the request in progress, and with it the call of the upstream."""
        self.state = ConnectionState.CLOSING
        self._timer.stop()
        self.listener.connections.discard(self)
        self.flow.resume_writing()
        self._pipeline.cancel()
        self.reader.close()


def _read_address(transport: asyncio.BaseTransport, end: str) -> Address | None:
    """Return the host and port of one end of a connection, as ASGI wants them."""
    found = transport.get_extra_info(end)
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) else None
