"""The response's half of a connection, in one of five states: see docs/adr/0015."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_runtime import limits
from naftiko_runtime.header_names import lower_name
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.native.body_buffer import BodyBuffer
from naftiko_runtime.http_client.native.states import AWAITING, COMPLETE, FAILED, NONE, READING

if TYPE_CHECKING:
    import asyncio

    from naftiko_runtime.http_client.failures import Failure
    from naftiko_runtime.transport.base import Header

_FRAMING_HEADERS: Final = (b"content-length", b"transfer-encoding")
_UNTIL_CLOSE: Final = 0
"""Framing: the end of the connection ends the body."""
_PLAIN: Final = 1
"""Framing: a length, or chunks."""
_CODED: Final = 2
"""Framing: another coding of the transfer, which is not supported."""
_VERSIONS: Final = ("1.0", "1.1")
_INTERIM: Final = range(100, 200)
_HEADS_END: Final = b"\r\n\r\n"


class ResponseReader:
    """Reads one response after the other by llhttp.

    Attributes:
        state: One of the response's states.
        failure: Why it is ``FAILED``.
        status: The status; 0 before the head has come.
        headers: The header pairs.
        body: What has come of the body and was not taken.
        answered: Whether a byte has come.
        reusable: Whether the upstream keeps the connection, and nothing has come after the response.
        transport: The connection.
    """

    __slots__ = (
        "_bodyless",
        "_framing",
        "_is_lost",
        "_loop",
        "_parser",
        "_unproductive_bytes",
        "_waiter",
        "answered",
        "body",
        "failure",
        "headers",
        "reusable",
        "state",
        "status",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._is_lost = False
        self.body = BodyBuffer()
        self.begin(bodyless=False)
        self.state = NONE

    def begin(self, *, bodyless: bool) -> None:
        """Await a response to the request that is about to be sent.

        ``bodyless`` says that it has no body whatever its head says, as for HEAD.
        """
        self._bodyless = bodyless
        self._unproductive_bytes = 0
        self._framing = _UNTIL_CLOSE
        self.state = AWAITING
        self.answered = False
        self.reusable = False
        self.failure = failures.CLOSED
        self.status = 0
        self.headers: list[Header] = []

    def change(self) -> asyncio.Future[None]:
        """Return a future that resolves on the next state change or piece of the body. Only one waiter at a time."""
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # -- the end of an exchange -----------------------------------------------------------------------------------

    def finish(self) -> None:
        """Await nothing: the exchange is over and left nothing behind."""
        self.state = NONE
        if self.body.pieces:
            self.body.clear()

    def break_off(self) -> None:
        """End an exchange whose request cannot be completed; a response that is complete stays readable."""
        if self.state in (AWAITING, READING):
            self._fail(failures.CLOSED if self.state == AWAITING else failures.BROKEN_OFF)

    def close(self) -> None:
        """Close at once: what is still to be sent or received is of no use to anybody."""
        if self.state != FAILED:
            self.state = FAILED
            self.failure = failures.CLOSED
        if not self._is_lost:  # asyncio fails to abort some transports that are closed
            self.transport.abort()

    def _fail(self, failure: Failure) -> None:
        self.state, self.failure = FAILED, failure
        self.transport.abort()
        self._wake()

    # -- what comes on the connection -----------------------------------------------------------------------------

    def feed(self, data: memoryview) -> None:
        """Read bytes: of the response, or of nobody's."""
        if self.state not in (AWAITING, READING):
            self._note_surplus()
            return
        self.answered = True
        self._unproductive_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail(failures.NOT_HTTP)
        except HttpParserError:
            if self.state != FAILED:
                self._fail_to_parse()
        else:
            state = self.state
            if self._bodyless and state == COMPLETE and not data.tobytes().endswith(_HEADS_END):
                self._note_surplus()
            if self._unproductive_bytes > limits.UPSTREAM_HEAD_BYTES_MAX and state in (AWAITING, READING):
                self._fail(failures.HEAD_TOO_LARGE if state == AWAITING else failures.BROKEN_OFF)

    def _fail_to_parse(self) -> None:
        if self.state == COMPLETE:
            self._note_surplus()
        else:
            self._fail(failures.NOT_HTTP if self.state == AWAITING else failures.BROKEN_OFF)

    def _note_surplus(self) -> None:
        """Bytes came after a response, or before a request: this connection carries nothing any more."""
        self.reusable = False
        if self.state == NONE:
            self.close()

    def end(self) -> None:
        """The upstream ends its side, which may be the end of a response: what is unsent is not waited for."""
        if self.state == READING and self._framing == _UNTIL_CLOSE and self._ends_properly():
            self._complete()
            self.reusable = False
        else:
            self.break_off()

    def _ends_properly(self) -> bool:
        """Whether TLS, if there is any, says so too: anybody can end the connection below it."""
        tls = self.transport.get_extra_info("ssl_object")
        try:
            return tls is None or tls.read(1) == b""
        except ssl.SSLError:
            return False

    def lose(self) -> None:
        """The connection is gone."""
        self._is_lost = True
        self.reusable = False
        if self.state == READING:
            self.state, self.failure = FAILED, failures.BROKEN_OFF
        elif self.state in (NONE, AWAITING):
            self.state, self.failure = FAILED, failures.CLOSED
        self._wake()
        del self._parser  # which has this as well, so that they would wait for a collection

    # -- what the parser calls ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins; after a complete one, it is nobody's."""
        if self.state == COMPLETE:
            self._note_surplus()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer is dropped."""
        if self.state != AWAITING:
            return
        name = lower_name(name)
        if name in _FRAMING_HEADERS:
            is_first = self._framing == _UNTIL_CLOSE
            is_plain = name == b"content-length" or (is_first and value.strip().lower() == b"chunked")
            self._framing = _PLAIN if is_plain else _CODED
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A head is there: an interim one, or that of the response."""
        if self.state != AWAITING:
            return
        status = self._parser.get_status_code()
        if status in _INTERIM:
            self.headers = []
            self._framing = _UNTIL_CLOSE
            return
        self.status = status
        self._unproductive_bytes = 0
        self.reusable = self._parser.should_keep_alive()
        if self._framing == _CODED or not (self.reusable or self._parser.get_http_version() in _VERSIONS):
            # A coding of the transfer, say, which nobody asked for and callers are not told of.
            self._fail(failures.NOT_HTTP)
            return
        self.state = READING
        if self._bodyless:
            self._parser = HttpResponseParser(self)  # this one waits for a body, and cannot be told that none follows
            self._complete()
        else:
            self._wake()

    def _complete(self) -> None:
        self.state = COMPLETE
        self._wake()

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        if self.state == COMPLETE:
            self._note_surplus()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        if self.state == AWAITING:
            self._fail(failures.NOT_HTTP)  # an interim response has no body
            return
        if self.state != READING:
            self._note_surplus()
            return
        self._unproductive_bytes = 0
        self.body.append(body)
        self._wake()

    def on_message_complete(self) -> None:
        """The response is complete, or an interim one."""
        if self.state == READING:
            self._complete()
