"""One HTTP/1.1 connection to an upstream, on the loop itself: llhttp reads it, nothing stands in between.

It carries one exchange at a time, and knows at any moment whether a byte on it belongs to that exchange: one that
belongs to none ends the connection, so that no caller is given another's answer.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_runtime import limits
from naftiko_runtime.transport import origin as told
from naftiko_runtime.transport.names import lower

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.transport.base import Header, Piece

IDLE: Final = 0
"""No exchange: whatever comes is unasked."""
AWAITING: Final = 1
"""A request went out, at least in part; the head of its answer has not come."""
READING: Final = 2
"""The head is there, the body is not complete."""
COMPLETE: Final = 3
"""The whole answer is there."""
FAILED: Final = 4
"""There is no answer, or no more of it; ``failure`` says why."""

_FRAMING: Final = (b"content-length", b"transfer-encoding")
_VERSIONS: Final = ("1.0", "1.1")
_SMALL_BYTES: Final = 1024
_LARGE_BYTES: Final = 16 * 1024
_INTERIM: Final = range(100, 200)
_HEADS_END: Final = b"\r\n\r\n"
_BUFFER: Final = memoryview(bytearray(limits.UPSTREAM_READ_BYTES_MAX))
"""What loops read into. One for all connections, since the parser takes what it keeps before anything else is read."""


class Connection(asyncio.BufferedProtocol):
    """One connection; whoever takes it from the pool has it alone until it is given back or closed."""

    __slots__ = (
        "_bodyless",
        "_interim",
        "_is_plain",
        "_loop",
        "_lost",
        "_parser",
        "_reading_paused",
        "_transport",
        "_unproductive_bytes",
        "_until_end",
        "_waiter",
        "_writable",
        "answered",
        "chunks",
        "failure",
        "headers",
        "held_bytes",
        "idle_since",
        "reusable",
        "state",
        "status",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[Connection], None]) -> None:
        """Make the protocol of a connection that is about to be opened.

        Args:
            loop: The running one.
            lost: Told once, when the connection is gone.
        """
        self._loop = loop
        self._lost = lost
        self._transport: asyncio.Transport
        self._parser = HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading_paused = False
        self.state = IDLE
        self.idle_since = 0.0
        self._begin(bodyless=False)

    def _begin(self, *, bodyless: bool) -> None:
        self._bodyless = bodyless
        self._unproductive_bytes = 0
        self._interim = False
        self._until_end = True
        self._is_plain = True
        self.answered = False
        self.reusable = False
        self.failure = ""
        self.status = 0
        self.headers: list[Header] = []
        self.chunks: list[bytes | bytearray] = []
        self.held_bytes = 0

    # -- sending --------------------------------------------------------------------------------------------------

    def ask(self, data: bytes, *, bodyless: bool) -> None:
        """Begin an exchange with a request's first bytes.

        Args:
            data: Its head, and its body if that is at hand.
            bodyless: Whether the answer has no body whatever it says, as for HEAD.
        """
        self._begin(bodyless=bodyless)
        self.state = AWAITING
        self._transport.write(data)

    async def write(self, data: Piece) -> None:
        """Send more of a request, waiting while the upstream does not take it; nothing, once the exchange is over."""
        if self._writable is not None:
            await self._writable
        if self.state in (AWAITING, READING) and not self._transport.is_closing():
            self._transport.write(data)

    async def write_lent(self, data: memoryview) -> None:
        """Send more of a request out of memory that is only lent, until nothing holds on to it."""
        transport = self._transport
        if transport.get_extra_info("ssl_object") is not None:
            await self.write(bytes(data))
            return
        transport.set_write_buffer_limits(high=0)  # writing is paused as long as anything is held
        await self.write(data)
        if self._writable is not None:
            await self._writable
        transport.set_write_buffer_limits()

    @property
    def usable(self) -> bool:
        """Whether another exchange may begin."""
        return self.state == IDLE and not self._transport.is_closing()

    # -- receiving ------------------------------------------------------------------------------------------------

    def change(self) -> asyncio.Future[None]:
        """What is done when the head of the answer has come, or more of its body, or its end, or it has failed.

        To be asked for while there is nothing to do otherwise, by one at a time.
        """
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def piece(self) -> bytes:
        """The next piece of what has come of the body: a large chunk by itself, small ones together."""
        if len(self.chunks) == 1 or len(self.chunks[0]) <= _LARGE_BYTES:
            return self.rest()
        piece = self.chunks.pop(0)
        self.held_bytes -= len(piece)
        return bytes(piece)

    def rest(self) -> bytes:
        """All that has come of the body and was not given."""
        chunks, self.chunks, self.held_bytes = self.chunks, [], 0
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        return bytes(chunks[0]) if len(chunks) == 1 else b"".join(chunks)

    def release(self) -> bool:
        """End the exchange; whether the connection may carry another one. Otherwise it is closed."""
        if self.state == COMPLETE and self.reusable and self._is_quiet():
            self.state = IDLE
            self.chunks = []
            return True
        self.close()
        return False

    def _is_quiet(self) -> bool:
        """Whether nothing of the exchange is left over: unread, unsent, or on a connection that is going."""
        transport = self._transport
        return not (self._reading_paused or transport.get_write_buffer_size() or transport.is_closing())

    def close(self) -> None:
        """Close at once: what is still to be sent or received is of no use to anybody."""
        if self.state != FAILED:
            self.state = FAILED
            self.failure = told.CLOSED
        self._transport.abort()

    def break_off(self) -> None:
        """End an exchange that cannot be brought to its end, and tell who waits for it."""
        self._fail(told.CLOSED if self.state == AWAITING else told.BROKEN_OFF)

    def _fail(self, template: str) -> None:
        self.state, self.failure = FAILED, template
        self._transport.abort()
        self._wake()

    # -- what the loop tells --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _: int) -> memoryview:
        """Where to read to."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes were read: of the answer, or of nobody's."""
        if self.state not in (AWAITING, READING):
            self._surplus()
            return
        self.answered = True
        self._unproductive_bytes += nbytes
        try:
            self._parser.feed_data(_BUFFER[:nbytes])
        except HttpParserUpgrade:
            self._fail(told.NOT_HTTP)
        except HttpParserError:
            if self.state != FAILED:
                self._fail_to_parse()
        else:
            if self._bodyless and self.state == COMPLETE and not _BUFFER[:nbytes].tobytes().endswith(_HEADS_END):
                self._surplus()
            if self._unproductive_bytes > limits.UPSTREAM_HEAD_BYTES_MAX and self.state in (AWAITING, READING):
                self._fail(told.HEAD_TOO_LARGE if self.state == AWAITING else told.BROKEN_OFF)

    def _fail_to_parse(self) -> None:
        if self.state == COMPLETE:
            self._surplus()
        else:
            self._fail(told.NOT_HTTP if self.state == AWAITING else told.BROKEN_OFF)

    def _surplus(self) -> None:
        """Bytes after an answer, or before a request: this connection carries nothing any more."""
        self.reusable = False
        if self.state == IDLE:
            self.close()

    def eof_received(self) -> None:
        """The upstream ends its side, which may be the end of an answer: what is still unsent is not waited for."""
        if self.state == READING and self._until_end and self._ends_properly():
            self.reusable, self.state = False, COMPLETE
            self._wake()
        elif self.state in (AWAITING, READING):
            self.break_off()

    def _ends_properly(self) -> bool:
        """Whether TLS, if there is any, says so too: anybody can end the connection below it."""
        tls = self._transport.get_extra_info("ssl_object")
        try:
            return tls is None or tls.read(1) == b""
        except ssl.SSLError:
            return False

    def connection_lost(self, _: Exception | None) -> None:
        """The connection is gone."""
        self.reusable = False
        if self.state == AWAITING:
            self.state, self.failure = FAILED, told.CLOSED
        elif self.state == READING:
            self.state, self.failure = FAILED, told.BROKEN_OFF
        elif self.state == IDLE:
            self.state, self.failure = FAILED, told.CLOSED
        self._wake()
        self.resume_writing()
        self._lost(self)
        del self._parser  # which has this as well, so that they would wait for a collection

    def pause_writing(self) -> None:
        """The upstream does not take what is sent as fast as it is given."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        if self._writable is not None:
            if not self._writable.done():
                self._writable.set_result(None)
            self._writable = None

    # -- what the parser tells ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; after a complete one, it is nobody's."""
        if self.state == COMPLETE:
            self._surplus()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is dropped."""
        if self.state != AWAITING:
            return
        name = lower(name)
        if name in _FRAMING:
            self._is_plain = name == b"content-length" or (self._until_end and value.strip().lower() == b"chunked")
            self._until_end = False
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A head is there: an interim one, or that of the answer."""
        if self.state != AWAITING:
            return
        status = self._parser.get_status_code()
        if status in _INTERIM:
            self._interim = True
            self._until_end = True
            self.headers = []
            return
        self.status = status
        self._unproductive_bytes = 0
        self.reusable = self._parser.should_keep_alive()
        if not self._is_plain or not (self.reusable or self._parser.get_http_version() in _VERSIONS):
            self._fail(told.NOT_HTTP)  # compressed for the way, say, which nobody asked for and callers are not told
            return
        self.state = READING
        if self._bodyless:
            self._parser = HttpResponseParser(self)  # this one waits for a body, and cannot be told that none follows
            self.state = COMPLETE
        self._wake()

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        if self.state == COMPLETE:
            self._surplus()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.state == AWAITING:
            self._fail(told.NOT_HTTP)  # an interim answer has no body
            return
        if self.state != READING:
            self._surplus()
            return
        self._unproductive_bytes = 0
        if self.chunks:
            self._keep(body)
        else:
            self.chunks.append(body)
            self.held_bytes = len(body)
        if self.held_bytes > limits.UPSTREAM_BUFFERED_BYTES_MAX and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()
        self._wake()

    def _keep(self, body: bytes) -> None:
        """Hold a piece until it is asked for; many small ones as one, for each object takes more than it holds."""
        self.held_bytes += len(body)
        last = self.chunks[-1]
        if len(body) >= _SMALL_BYTES:
            self.chunks.append(body)
        elif isinstance(last, bytearray) and len(last) < _LARGE_BYTES:
            last += body
        else:
            self.chunks.append(bytearray(body))

    def on_message_complete(self) -> None:
        """The answer is complete, or an interim one."""
        if self.state == READING:
            self.state = COMPLETE
            self._wake()
        elif self._interim and self.state == AWAITING:
            self._interim = False
