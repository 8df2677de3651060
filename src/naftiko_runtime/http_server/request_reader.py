"""Reads requests from the bytes of a connection; llhttp parses them."""

from __future__ import annotations

import logging
from types import NoneType
from typing import TYPE_CHECKING, Final, Protocol

from httptools import HttpParserError, HttpParserInvalidURLError, HttpParserUpgrade, HttpRequestParser

from naftiko_runtime.http_server.rejection import HEAD_TOO_LARGE, NOT_HTTP, StopParsingError, reject_headers
from naftiko_runtime.http_server.request_head import NOTED, RequestHead

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Header
    from naftiko_runtime.http_server.rejection import Rejection
    from naftiko_runtime.http_server.server_limits import ServerLimits

log = logging.getLogger(__name__)

_TRAILER_BYTES: Final = 64
"""Added to the size of each trailer, so that many empty trailers reach the limit as well."""
_CALLERS_FAULTS: Final = (NoneType, StopParsingError, UnicodeDecodeError, HttpParserInvalidURLError)
"""Causes of parser errors that the caller is responsible for; any other cause is our own error."""


class RequestHandler(Protocol):
    """Receives the parts of requests, in the order in which they arrive."""

    def begin_request(self) -> None:
        """Handle a head: :attr:`RequestReader.head`, ``headers`` and ``url``.

        Raises:
            StopParsingError: No further request is read.
            HttpParserInvalidURLError: The target is invalid.
        """

    def add_body(self, body: bytes) -> None:
        """Handle a part of the body of the last request."""

    def end_request(self) -> None:
        """Handle the end of the last request."""

    def reject_unparsed(self, rejection: Rejection) -> None:
        """Handle bytes that are not a request, or not the body of one."""


class RequestReader:
    """Parses bytes into heads, bodies and ends of requests, bounded in size.

    Attributes:
        parser: llhttp's; it calls the methods that begin with ``on_``.
        url: The target, as far as it has arrived.
        headers: The headers, as far as they have arrived.
        head: What the headers say about the request.
        in_head: Whether a head is awaited or read, not a body.
        head_begun: Whether the first byte of that head has arrived.
    """

    __slots__ = (
        "_handler",
        "_limits",
        "_progressed",
        "_trailer_bytes",
        "_unparsed_bytes",
        "head",
        "head_begun",
        "headers",
        "in_head",
        "parser",
        "url",
    )

    def __init__(self, handler: RequestHandler, limits: ServerLimits) -> None:
        self._handler = handler
        self._limits = limits
        self.parser = _make_parser(self)
        self._unparsed_bytes = 0
        """How many bytes arrived since the last complete head, part of a body or end of a request."""
        self._progressed = False
        self.in_head = True
        self._start_head()
        self.head_begun = False

    def _start_head(self) -> None:
        self.url = b""
        self.headers: list[Header] = []
        self.head = RequestHead()
        self.head_begun = True
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> None:
        """Parse bytes, and call the handler for each complete part."""
        self._progressed = False
        self._unparsed_bytes += len(data)
        rest = None
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offer:
            rest = memoryview(data)[offer.args[0] :]
        except HttpParserError as error:
            self._fail(error)
        if rest is not None:  # outside the handler: errors from here on have other causes
            self._feed_after_upgrade(rest)
        # A piece that also ends something cannot be counted, but is itself of bounded size.
        if self._progressed:
            self._unparsed_bytes = 0
        elif self._unparsed_bytes > self._limits.head_bytes_max:
            self._handler.reject_unparsed(HEAD_TOO_LARGE)

    def _feed_after_upgrade(self, data: memoryview) -> None:
        """Parse what follows the offer of an upgrade as HTTP/1.1: none is accepted, but the parser stops there."""
        while True:
            framing = self.head.framing
            self.parser = _make_body_parser(self, framing) if framing else _make_parser(self)
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                continue
            except HttpParserError as error:
                self._fail(error)
            return

    def _fail(self, error: HttpParserError) -> None:
        if not isinstance(error.__context__, _CALLERS_FAULTS):
            log.error("unexpected error while reading a request", exc_info=error)
        self._handler.reject_unparsed(NOT_HTTP)

    def close(self) -> None:
        """Drop the parser, which refers to this object: a cycle would wait for garbage collection."""
        del self.parser

    # -- the head -------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Start a head: its first byte has arrived."""
        self._start_head()

    def on_url(self, url: bytes) -> None:
        """Append a part of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; drop a trailer, which only counts: the head was checked without it."""
        if not self.in_head:
            self._trailer_bytes += len(name) + len(value) + _TRAILER_BYTES
            if self._trailer_bytes > self._limits.head_bytes_max:
                raise StopParsingError
            return
        name = name.lower()
        if name in NOTED:
            self.head.note(name, value)
        self.headers.append((name, value.rstrip(b" \t")))  # RFC 9110, 5.5; the parser drops only what leads

    def on_headers_complete(self) -> None:
        """Pass the complete head to the handler."""
        self._progressed = True
        self._handler.begin_request()  # an invalid target fails here, and is still rejected as a head
        self.in_head = self.head_begun = False

    def check_head(self) -> Rejection | None:
        """Return why the request is rejected, or None."""
        if len(self.headers) > self._limits.headers_max:
            return reject_headers(self._limits.headers_max)
        if self._unparsed_bytes > (bytes_max := self._limits.head_bytes_max) and self._count_head_bytes() > bytes_max:
            return HEAD_TOO_LARGE
        return self.head.check(self.parser.get_http_version(), self.url)

    def _count_head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    # -- the body -------------------------------------------------------------------------------------------------

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body to the handler."""
        self._progressed = True
        self._handler.add_body(body)

    def on_message_complete(self) -> None:
        """Pass the end of the request to the handler."""
        if self.head.framing and self.parser.should_upgrade():  # the parser skips the body: another one reads it
            return
        self.in_head = self._progressed = True
        self._handler.end_request()

    def is_body_short(self) -> bool:
        """Return whether the rest of the body is short enough to read it and keep the connection."""
        length = self.head.framing.removeprefix(b"content-length: ")
        return length.isdigit() and int(length) <= self._limits.buffered_bytes_max and not self.head.expects_continue


class _BodyOnly:
    """Passes the callbacks of a parser on, except those for the head that it has to parse first."""

    def __init__(self, reader: RequestReader) -> None:
        self._reader = reader
        self._begun = False

    def begin(self) -> None:
        """Pass every callback on from now on."""
        self._begun = True

    def on_message_begin(self) -> None:
        if self._begun:
            self._reader.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._begun:
            self._reader.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._begun:
            self._reader.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._begun:
            self._reader.on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._reader.on_body(body)

    def on_message_complete(self) -> None:
        self._reader.on_message_complete()


def _make_parser(reader: RequestReader | _BodyOnly) -> HttpRequestParser:
    parser = HttpRequestParser(reader)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what follows is ignored
    return parser


def _make_body_parser(reader: RequestReader, framing: bytes) -> HttpRequestParser:
    """Return a parser that continues with the body of a request of this framing, and all that follows it."""
    body_only = _BodyOnly(reader)
    parser = _make_parser(body_only)
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
    body_only.begin()
    return parser
