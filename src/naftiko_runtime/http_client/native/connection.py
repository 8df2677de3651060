"""One HTTP/1.1 connection to an upstream, on the loop itself: llhttp reads it, nothing stands in between.

It carries one exchange at a time and is two state machines, one for each direction: see docs/adr/0015. No byte of one
exchange is ever read or written as part of another: a connection carries another exchange only if the request was
written in full and the response was read in full; any other connection is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_runtime import limits
from naftiko_runtime.header_names import lower
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.tunnel import UpstreamProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.http_client.failures import Failure
    from naftiko_runtime.transport.base import Header

NOTHING: Final = 0
"""Request: none was begun."""
WRITING: Final = 1
"""Request: the head was handed to the transport, and the body not in full."""
WRITTEN: Final = 2
"""Request: head and body were handed to the transport in full, as long as the head declares them."""

NONE: Final = 0
"""Response: none is asked for; whatever comes belongs to no exchange."""
AWAITING: Final = 1
"""Response: its head has not come."""
READING: Final = 2
"""Response: the head is there, the body is not complete."""
COMPLETE: Final = 3
"""Response: it is there in full."""
FAILED: Final = 4
"""Response: there is none, or no more of it; ``failure`` says why. The connection is closed; no state follows."""

_FRAMING: Final = (b"content-length", b"transfer-encoding")
_VERSIONS: Final = ("1.0", "1.1")
_SMALL_BYTES: Final = 1024
_LARGE_BYTES: Final = 16 * 1024
_INTERIM: Final = range(100, 200)
_HEADS_END: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_BUFFER: Final = memoryview(bytearray(limits.UPSTREAM_READ_BYTES_MAX))
"""What loops read into. One for all connections, since the parser takes what it keeps before anything else is read."""


class Connection(UpstreamProtocol, asyncio.BufferedProtocol):
    """One connection; whoever takes it from the pool has it alone until it is given back or closed."""

    __slots__ = (
        "_below",
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
        "request_state",
        "response_state",
        "reusable",
        "status",
        "unwritten_bytes",
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
        self._below: tuple[asyncio.Transport, ...] = ()
        """The transports below TLS."""
        self._parser = HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading_paused = False
        self.idle_since = 0.0
        self.request_state = NOTHING
        self.response_state = NONE
        self.unwritten_bytes: int | None = 0
        """Of the body that the head declares; nothing for a body in chunks, whose end is told by the last one."""
        self._begin(bodyless=False)

    def _begin(self, *, bodyless: bool) -> None:
        self._bodyless = bodyless
        self._unproductive_bytes = 0
        self._interim = False
        self._until_end = True
        self._is_plain = True
        self.answered = False
        self.reusable = False
        self.failure = failures.CLOSED
        self.status = 0
        self.headers: list[Header] = []
        self.chunks: list[bytes | bytearray] = []
        self.held_bytes = 0

    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Go on encrypted; to be called before the first exchange."""
        self._below += (self._transport,)
        self._transport = cast("asyncio.Transport", transport)

    # -- the request ----------------------------------------------------------------------------------------------

    def send_request(self, data: bytes, *, bodyless: bool) -> None:
        """Begin an exchange with a whole request.

        Args:
            data: Its head, and its body if it has one.
            bodyless: Whether the response has no body whatever it says, as for HEAD.
        """
        self._begin(bodyless=bodyless)
        self.request_state = WRITTEN
        self.response_state = AWAITING
        self._transport.write(data)

    def begin_request(self, head: bytes, body_bytes: int | None, *, bodyless: bool) -> None:
        """Begin an exchange with a request's head; the body follows by :meth:`write` and :meth:`end_request`.

        Args:
            head: The head.
            body_bytes: How long a body it declares; nothing for one in chunks.
            bodyless: Whether the response has no body whatever it says, as for HEAD.
        """
        self.send_request(head, bodyless=bodyless)
        self.request_state = WRITING
        self.unwritten_bytes = body_bytes

    async def write(self, piece: bytes) -> bool:
        """Send a piece of the body, waiting while the upstream does not take it; whether more of it can be sent."""
        if self._writable is not None:
            await self._writable
        if not self._takes_body():
            return False
        if self.unwritten_bytes is None:
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            return True
        self.unwritten_bytes -= len(piece)
        if self.unwritten_bytes < 0:
            self.break_off_request()
            return False
        self._transport.write(piece)
        return True

    async def end_request(self) -> None:
        """End the body: from now on the request is written, or it is broken off if its body was too short."""
        if self.unwritten_bytes:
            self.break_off_request()
            return
        if self.unwritten_bytes is None:
            if self._writable is not None:
                await self._writable
            if not self._takes_body():
                return
            self._transport.write(_LAST_CHUNK)
        if self._takes_body():
            self.request_state = WRITTEN

    def _takes_body(self) -> bool:
        """Whether the body of this exchange can still go out; a complete response does not end it."""
        return self.request_state == WRITING and self.response_state != FAILED and not self._transport.is_closing()

    def break_off_request(self) -> None:
        """End an exchange whose request cannot be completed; a response that is complete stays good."""
        if self.response_state in (AWAITING, READING):
            self._fail(failures.CLOSED if self.response_state == AWAITING else failures.BROKEN_OFF)

    # -- the exchange's end ---------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether another exchange may begin."""
        return self.response_state == NONE and not self._transport.is_closing()

    def release(self) -> bool:
        """End the exchange; whether the connection may carry another one. Otherwise it is closed.

        It may if the request was written in full before the response was complete, the response was read in full,
        both sides keep the connection, and nothing is left over: unread, unsent, or after the response.
        """
        if self.response_state == COMPLETE and self.request_state == WRITTEN and self.reusable and self._is_quiet():
            self.request_state = NOTHING
            self.response_state = NONE
            self.chunks = []
            return True
        self.close()
        return False

    def _is_quiet(self) -> bool:
        """Whether nothing of the exchange is left over: unread, unsent, or on a connection that is going."""
        transport = self._transport
        if self._reading_paused or transport.get_write_buffer_size() or transport.is_closing():
            return False
        return not self._below or all(not below.get_write_buffer_size() for below in self._below)

    def close(self) -> None:
        """Close at once: what is still to be sent or received is of no use to anybody."""
        if self.response_state != FAILED:
            self.response_state = FAILED
            self.failure = failures.CLOSED
        self._transport.abort()

    def _fail(self, failure: Failure) -> None:
        self.response_state, self.failure = FAILED, failure
        self._transport.abort()
        self._wake()

    # -- the response ---------------------------------------------------------------------------------------------

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

    # -- what the loop tells --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _: int) -> memoryview:
        """Where to read to."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes were read: of the answer, or of nobody's."""
        if self.response_state not in (AWAITING, READING):
            self._surplus()
            return
        self.answered = True
        self._unproductive_bytes += nbytes
        try:
            self._parser.feed_data(_BUFFER[:nbytes])
        except HttpParserUpgrade:
            self._fail(failures.NOT_HTTP)
        except HttpParserError:
            if self.response_state != FAILED:
                self._fail_to_parse()
        else:
            state = self.response_state
            if self._bodyless and state == COMPLETE and not _BUFFER[:nbytes].tobytes().endswith(_HEADS_END):
                self._surplus()
            if self._unproductive_bytes > limits.UPSTREAM_HEAD_BYTES_MAX and state in (AWAITING, READING):
                self._fail(failures.HEAD_TOO_LARGE if state == AWAITING else failures.BROKEN_OFF)

    def _fail_to_parse(self) -> None:
        if self.response_state == COMPLETE:
            self._surplus()
        else:
            self._fail(failures.NOT_HTTP if self.response_state == AWAITING else failures.BROKEN_OFF)

    def _surplus(self) -> None:
        """Bytes after an answer, or before a request: this connection carries nothing any more."""
        self.reusable = False
        if self.response_state == NONE:
            self.close()

    def eof_received(self) -> None:
        """The upstream ends its side, which may be the end of an answer: what is still unsent is not waited for."""
        if self.response_state == READING and self._until_end and self._ends_properly():
            self._complete()
            self.reusable = False
        elif self.response_state in (AWAITING, READING):
            self.break_off_request()

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
        if self.response_state == READING:
            self.response_state, self.failure = FAILED, failures.BROKEN_OFF
        elif self.response_state in (NONE, AWAITING):
            self.response_state, self.failure = FAILED, failures.CLOSED
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
        if self.response_state == COMPLETE:
            self._surplus()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is dropped."""
        if self.response_state != AWAITING:
            return
        name = lower(name)
        if name in _FRAMING:
            self._is_plain = name == b"content-length" or (self._until_end and value.strip().lower() == b"chunked")
            self._until_end = False
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A head is there: an interim one, or that of the answer."""
        if self.response_state != AWAITING:
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
            # A coding of the transfer, say, which nobody asked for and callers are not told of.
            self._fail(failures.NOT_HTTP)
            return
        self.response_state = READING
        if self._bodyless:
            self._parser = HttpResponseParser(self)  # this one waits for a body, and cannot be told that none follows
            self._complete()
        else:
            self._wake()

    def _complete(self) -> None:
        """The response is there in full; one that did not wait for its request ends the connection.

        Nobody knows what the upstream takes the rest of that request for: what it reads away, or the next request.
        """
        self.response_state = COMPLETE
        if self.request_state != WRITTEN:
            self.reusable = False
        self._wake()

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        if self.response_state == COMPLETE:
            self._surplus()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.response_state == AWAITING:
            self._fail(failures.NOT_HTTP)  # an interim answer has no body
            return
        if self.response_state != READING:
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
        if self.response_state == READING:
            self._complete()
        elif self._interim and self.response_state == AWAITING:
            self._interim = False
