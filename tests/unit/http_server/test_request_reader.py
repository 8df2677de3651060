"""From bytes to heads, bodies and ends of requests."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_server.rejection import HEAD_TOO_LARGE, NOT_HTTP, StopParsingError, reject_headers
from naftiko_runtime.http_server.request_reader import RequestReader
from naftiko_runtime.server.listeners import SERVER_LIMITS

if TYPE_CHECKING:
    from naftiko_runtime.http_server.rejection import Rejection

HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\n"
LENGTH = HEAD + b"Content-Length: 4\r\n\r\nabcd"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
GET = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
PIECES = (1, 7, 100_000)


class Handler:
    """Notes what a reader finds, in few words."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.bodies = b""
        self.rejections: list[Rejection] = []
        self.reader = RequestReader(self, SERVER_LIMITS)
        self.failure: Exception | None = None

    def begin_request(self) -> None:
        if self.failure is not None:
            raise self.failure
        if (rejection := self.reader.check_head()) is not None:
            self.rejections.append(rejection)
            raise StopParsingError
        self.found.append(f"{self.reader.parser.get_method().decode()} {self.reader.url.decode()}")

    def add_body(self, body: bytes) -> None:
        self.bodies += body

    def end_request(self) -> None:
        self.found.append(f"end {self.bodies.decode()}".strip())
        self.bodies = b""

    def reject_unparsed(self, rejection: Rejection) -> None:
        self.rejections.append(rejection)


def read(data: bytes, piece: int = 100_000) -> Handler:
    handler = Handler()
    for start in range(0, len(data), piece):
        handler.reader.feed(data[start : start + piece])
        if handler.rejections:
            break
    handler.reader.close()
    return handler


@pytest.mark.parametrize("piece", PIECES)
def test_requests_are_read_wherever_they_are_cut(piece: int) -> None:
    handler = read(LENGTH + GET + CHUNKED, piece)
    assert handler.found == ["POST /a", "end abcd", "GET /b", "end", "POST /a", "end abcd"]
    assert handler.rejections == []


def test_names_of_headers_are_in_lower_case_and_values_stripped() -> None:
    handler = Handler()
    handler.reader.feed(b"GET / HTTP/1.1\r\nHOST: x\r\nX-Own:  a b\t \r\n\r\n")
    assert handler.reader.headers == [(b"host", b"x"), (b"x-own", b"a b")]


def test_the_reader_knows_what_is_awaited() -> None:
    handler = Handler()
    reader = handler.reader
    states = [(reader.in_head, reader.head_begun)]
    for data in (b"POST", HEAD[4:] + b"Content-Length: 4\r\n\r\n", b"ab", b"cd", b"GET"):
        reader.feed(data)
        states.append((reader.in_head, reader.head_begun))
    assert states == [(True, False), (True, True), (False, False), (False, False), (True, False), (True, True)]


@pytest.mark.parametrize("piece", PIECES)
def test_trailers_are_dropped(piece: int) -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nHost: y\r\nX-T: z\r\n\r\n"
    handler = Handler()
    for start in range(0, len(data), piece):
        handler.reader.feed(data[start : start + piece])
    assert handler.found == ["POST /a", "end ab"]
    assert [name for name, _ in handler.reader.headers] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize("trailer", [b"X-T: z\r\n", b"a:\r\n"])
def test_trailers_without_end_are_rejected(trailer: bytes) -> None:
    many = limits.REQUEST_HEAD_BYTES_MAX // 64 + 1
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailer * many
    assert read(data).rejections == [NOT_HTTP]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 4\r\n\r\nabcd", b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"]
)
def test_a_body_behind_an_offer_to_upgrade_is_the_body(piece: int, framing: bytes) -> None:
    handler = read(HEAD + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + framing + GET, piece)
    assert (handler.found, handler.rejections) == (["POST /a", "end abcd", "GET /b", "end"], [])


def test_requests_behind_an_offer_to_upgrade_are_read() -> None:
    offer = b"GET /u HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    assert read(offer + offer + GET).found == ["GET /u", "end", "GET /u", "end", "GET /b", "end"]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "data",
    [
        b"nothing\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n",
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 0x4\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_malformed_is_rejected(data: bytes, piece: int, caplog: pytest.LogCaptureFixture) -> None:
    assert read(data, piece).rejections == [NOT_HTTP]
    assert caplog.records == []


def test_a_head_in_small_pieces_is_bounded() -> None:
    handler = read(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * limits.REQUEST_HEAD_BYTES_MAX * 2, 1000)
    assert handler.rejections == [HEAD_TOO_LARGE]


def test_a_head_in_one_piece_is_bounded() -> None:
    long = b"x" * limits.REQUEST_HEAD_BYTES_MAX
    assert read(b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % long).rejections[0] is HEAD_TOO_LARGE


def test_a_body_does_not_count_as_a_head() -> None:
    size = limits.REQUEST_HEAD_BYTES_MAX * 3
    handler = read(HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * size, 1000)
    assert (handler.rejections, handler.found[-1]) == ([], "end " + "x" * size)


def test_the_headers_of_a_request_are_bounded() -> None:
    def head(count: int) -> bytes:
        return b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (count - 1) + b"\r\n"

    assert read(head(limits.REQUEST_HEADERS_MAX)).rejections == []
    assert read(head(limits.REQUEST_HEADERS_MAX + 1)).rejections[0] == reject_headers(limits.REQUEST_HEADERS_MAX)


@pytest.mark.parametrize(
    ("head", "short"),
    [
        (b"Content-Length: 4", True),
        (b"Content-Length: %d" % limits.REQUEST_BUFFERED_BYTES_MAX, True),
        (b"Content-Length: %d" % (limits.REQUEST_BUFFERED_BYTES_MAX + 1), False),
        (b"Content-Length: 4\r\nExpect: 100-continue", False),
        (b"Transfer-Encoding: chunked", False),
    ],
)
def test_only_a_short_body_of_known_length_is_worth_reading(head: bytes, *, short: bool) -> None:
    handler = Handler()
    handler.reader.feed(HEAD + head + b"\r\n\r\n")
    assert handler.reader.is_body_short() is short


def test_only_an_error_of_our_own_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    handler = Handler()
    handler.failure = ZeroDivisionError()
    with caplog.at_level(logging.ERROR):
        handler.reader.feed(GET)
    assert (handler.rejections, len(caplog.records)) == ([NOT_HTTP], 1)
