"""The response side of a connection, in one of five states: see docs/adr/0015."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from naftiko_runtime import limits
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.native.body_buffer import BodyBuffer
from naftiko_runtime.http_client.native.lower_name import lower_name
from naftiko_runtime.http_client.native.states import AWAITING, COMPLETE, FAILED, NONE, READING

if TYPE_CHECKING:
    import asyncio

    from naftiko_runtime.http_client.failures import Failure
    from naftiko_runtime.upstream.interface import Header

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
    """Parses one response after the other with llhttp.

    Attributes:
        state: One of the response's states.
        failure: Why the state is ``FAILED``.
        status: The status; 0 before the head has arrived.
        headers: The header pairs.
        body: The part of the body that was not taken.
        has_bytes: Whether a byte has arrived.
        reusable: Whether the upstream keeps the connection, and nothing arrived after the response.
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
        "body",
        "failure",
        "has_bytes",
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
        """Expect the response to the next request.

        Args:
            bodyless: Whether it has no body whatever its head says, as for HEAD.
        """
        self._bodyless = bodyless
        self._unproductive_bytes = 0
        self._framing = _UNTIL_CLOSE
        self.state = AWAITING
        self.has_bytes = False
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
        """Expect no response: the exchange is complete."""
        self.state = NONE
        if self.body.pieces:
            self.body.clear()

    def break_off(self) -> None:
        """End an exchange whose request cannot be completed; a complete response stays readable."""
        if self.state in (AWAITING, READING):
            self._fail(failures.CLOSED if self.state == AWAITING else failures.BROKEN_OFF)

    def close(self) -> None:
        """Close at once; unsent and unread bytes are dropped."""
        if self.state != FAILED:
            self.state = FAILED
            self.failure = failures.CLOSED
        if not self._is_lost:  # asyncio fails to abort some transports that are closed
            self.transport.abort()

    def _fail(self, failure: Failure) -> None:
        self.state, self.failure = FAILED, failure
        self.transport.abort()
        self._wake()

    # -- called by the connection ---------------------------------------------------------------------------------

    def feed(self, data: memoryview) -> None:
        """Parse bytes of the response; bytes without a response make the connection unusable."""
        if self.state not in (AWAITING, READING):
            self._note_surplus()
            return
        self.has_bytes = True
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
        """Mark the connection as unusable: bytes arrived after a response, or without a request."""
        self.reusable = False
        if self.state == NONE:
            self.close()

    def end(self) -> None:
        """Handle the end of the upstream's side, which may end a response; unsent bytes are dropped."""
        if self.state == READING and self._framing == _UNTIL_CLOSE and self._ends_properly():
            self._complete()
            self.reusable = False
        else:
            self.break_off()

    def _ends_properly(self) -> bool:
        """Return whether TLS, if used, was closed as well: an attacker can close the connection below it."""
        tls = self.transport.get_extra_info("ssl_object")
        try:
            return tls is None or tls.read(1) == b""
        except ssl.SSLError:
            return False

    def lose(self) -> None:
        """End the exchange: the connection is lost."""
        self._is_lost = True
        self.reusable = False
        if self.state == READING:
            self.state, self.failure = FAILED, failures.BROKEN_OFF
        elif self.state in (NONE, AWAITING):
            self.state, self.failure = FAILED, failures.CLOSED
        self._wake()
        del self._parser  # it refers to this object: a cycle would wait for garbage collection

    # -- called by the parser -------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Reject a response that nothing asked for."""
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
        """Handle a complete head; skip an interim one."""
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
            # A transfer coding, for example, which was not asked for and callers do not see.
            self._fail(failures.NOT_HTTP)
            return
        self.state = READING
        if self._bodyless:
            self._parser = HttpResponseParser(self)  # the old one waits for a body
            self._complete()
        else:
            self._wake()

    def _complete(self) -> None:
        self.state = COMPLETE
        self._wake()

    def on_chunk_header(self) -> None:
        """Reject a chunk after a complete response."""
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
        """End the response, unless it is an interim one."""
        if self.state == READING:
            self._complete()
