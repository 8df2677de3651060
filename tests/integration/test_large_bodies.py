"""Large uploads: every byte arrives once and in order, and few bytes are held in memory."""

from __future__ import annotations

import json
import socket
import threading
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_client import ClientOptions
from naftiko_runtime.http_client.native.client import NativeClient
from naftiko_runtime.request_body import stream_body
from naftiko_runtime.send_response import send_whole
from naftiko_runtime.upstream import OutboundRequest
from support.caller import DEADLINE_SECONDS, RawConnection, make_head
from support.loop_listener import LOOPS, Served, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from naftiko_runtime.asgi_types import Receive, Scope, Send

MOST = 1_000_000_000
INNER = b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"
BODY = b"".join(b"%08d" % number + INNER for number in range(60_000))
BUFFERED = limits.REQUEST_BUFFERED_BYTES_MAX
READ = 256 * 1024  # what asyncio reads at once


class Taking(Served):
    """An application that counts what it takes, or passes it to ``upstream``."""

    def __init__(self, loop: str) -> None:
        super().__init__(loop)
        self.taken = 0
        self.upstream = ""

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces = stream_body(receive, MOST)
        match scope["path"]:
            case "/passed":
                said = await self._passed(scope, self._counted(pieces))
            case "/early":
                said = {"first": len(await anext(self._counted(pieces)))}
            case _:
                checksum = 0
                async for piece in self._counted(pieces):
                    checksum = zlib.crc32(piece, checksum)
                said = {"path": scope["path"], "bytes": self.taken, "crc32": checksum}
        await send_whole(send, 200, [], json.dumps(said).encode())

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            self.taken += len(piece)
            yield piece

    async def _passed(self, scope: Scope, pieces: AsyncIterator[bytes]) -> Any:
        length = dict(scope["headers"])[b"content-length"]
        transport = NativeClient(ClientOptions())
        try:
            request = OutboundRequest("a.b", "PUT", self.upstream, [(b"content-length", length)], pieces)
            response = await transport.send(request)
            said = json.loads(b"".join([chunk async for chunk in response.iter_chunks()]))
            await response.close()
            return said
        finally:
            await transport.aclose()


class SlowUpstream:
    """Takes one request's head, and its body once it may; then tells what came."""

    def __init__(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.may_read = threading.Event()
        self.got = 0
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, connection.makefile("rb") as file:
            length = 0
            for line in iter(file.readline, b"\r\n"):
                length = int(line.split(b":")[1]) if line.startswith(b"content-length") else length
            self.may_read.wait(DEADLINE_SECONDS)
            checksum = 0
            while self.got < length and (piece := file.read1(min(1 << 20, length - self.got))):
                self.got += len(piece)
                checksum = zlib.crc32(piece, checksum)
            if self.got == length:
                body = json.dumps({"bytes": self.got, "crc32": checksum}).encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_read.set()
        self.join()
        self._listening.close()

    def join(self) -> None:
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()


@pytest.fixture(params=list(LOOPS))
def taking(request: pytest.FixtureRequest) -> Iterator[Taking]:
    with Taking(request.param) as server:
        yield server


@pytest.fixture
def raw(taking: Taking) -> Iterator[RawConnection]:
    with RawConnection(taking.url) as connection:
        yield connection


def put(path: str, length: int = len(BODY), *more: tuple[str, str]) -> bytes:
    return make_head(f"PUT {path}", [("content-length", str(length)), *more])


@pytest.mark.parametrize(
    "cuts",
    [
        [0],
        [1],
        [BUFFERED, BUFFERED + 1],
        [READ - 1, READ, READ + 1],
        [READ + 1, 2 * READ, 2 * READ + 1],
        [len(BODY) - 1],
    ],
)
def test_a_body_comes_whole_wherever_it_is_cut(taking: Taking, raw: RawConnection, cuts: list[int]) -> None:
    raw.send(put("/sum"))
    places = [0, *cuts, len(BODY)]
    for start, end in pairwise(places):
        raw.send(BODY[start:end])
        until(lambda end=end: taking.taken == end)  # type: ignore[misc]
    assert raw.read_response().json == {"path": "/sum", "bytes": len(BODY), "crc32": zlib.crc32(BODY)}
    raw.send(put("/next", 0))
    assert raw.read_response().json["path"] == "/next"
    assert taking.seen == ["PUT /sum", "PUT /next"]


def test_what_comes_with_the_end_of_a_body_is_the_next_request(taking: Taking, raw: RawConnection) -> None:
    raw.send(put("/sum") + BODY + put("/next", 0) + put("/sum") + BODY + put("/last", 0))
    assert [raw.read_response().json["path"] for _ in range(4)] == ["/sum", "/next", "/sum", "/last"]
    assert len(taking.seen) == 4


def test_nothing_behind_a_body_gets_a_response_when_the_connection_is_to_close(
    taking: Taking, raw: RawConnection
) -> None:
    raw.send(put("/sum", len(BODY), ("connection", "close")) + BODY + put("/next", 0))
    assert raw.read_response().json["crc32"] == zlib.crc32(BODY)
    assert raw.wait_closed()
    assert taking.seen == ["PUT /sum"]


def test_a_large_body_that_waited_for_leave_comes_whole(raw: RawConnection) -> None:
    raw.send(put("/sum", len(BODY), ("expect", "100-continue")))
    assert raw.read_response().status == 100
    raw.send(BODY)
    assert raw.read_response().json["crc32"] == zlib.crc32(BODY)


def test_a_response_in_the_middle_of_a_large_body_arrives(raw: RawConnection) -> None:
    raw.send(put("/early", MOST) + BODY)
    assert raw.read_response().json["first"] > 0


def test_a_caller_that_leaves_in_a_large_body_cancels_what_runs_for_it(taking: Taking, raw: RawConnection) -> None:
    raw.send(put("/sum", MOST) + BODY)
    until(lambda: taking.taken == len(BODY))
    raw.close()
    assert taking.cancelled.wait(DEADLINE_SECONDS)


def test_an_upstream_that_does_not_read_holds_the_caller_back(taking: Taking) -> None:
    whole = BODY * 40
    with SlowUpstream() as upstream:
        taking.upstream = upstream.url
        with RawConnection(taking.url) as raw:
            raw.send(put("/passed", len(whole)))
            sent = raw.send_until_held_back(whole)
            assert sent < len(whole)
            assert taking.taken < 16_000_000  # what sockets hold, and one read
            upstream.may_read.set()
            raw.send(whole[sent:])
            assert raw.read_response().json == {"bytes": len(whole), "crc32": zlib.crc32(whole)}


def test_an_upstream_gets_no_more_of_a_body_whose_caller_left(taking: Taking) -> None:
    with SlowUpstream() as upstream:
        taking.upstream = upstream.url
        upstream.may_read.set()
        with RawConnection(taking.url) as raw:
            raw.send(put("/passed", MOST) + BODY)
            until(lambda: upstream.got == len(BODY))
        assert taking.cancelled.wait(DEADLINE_SECONDS)
        upstream.join()
        assert upstream.got == len(BODY)
