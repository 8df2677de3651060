"""The server with slow, broken and hostile callers: plain sockets, on both event loops.

The listener runs in a thread of this process, so that its limits can be made small.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pytest
import uvloop

from naftiko_runtime import limits
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.exchange import ServerExchange
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.problem import render_problem
from naftiko_runtime.request_body import read_body
from naftiko_runtime.send_response import send_whole
from naftiko_runtime.server.listeners import SERVER_LIMITS
from support.caller import DEADLINE_SECONDS, RawConnection, make_head
from support.upstream import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from naftiko_runtime.asgi_types import Receive, Scope, Send

SHORT = 0.2
LARGE_BODY_BYTES = 16_000_000
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
JSON = (b"content-type", b"application/json")


class Served:
    """A listener and an application that tells what it got."""

    def __init__(self, loop: str, **changed_limits: Any) -> None:
        self._limits = replace(SERVER_LIMITS, **changed_limits)
        self.seen: list[str] = []
        self.headers: list[list[str]] = []
        self.cut_off = 0
        self.cancelled = threading.Event()
        self.entered = threading.Event()
        self.responded = threading.Event()
        self.gate = Gate()
        self._new_loop = LOOPS[loop]
        self._stop = Gate()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.url = ""
        self.loop: asyncio.AbstractEventLoop
        self._listener: Listener

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        config = AppConfig(self.app, render_error=render_problem)
        self._listener = listener = Listener(open_socket("127.0.0.1", 0, "the test"), config, self._limits)
        await listener.start()
        self.url = f"http://127.0.0.1:{listener.port}"
        self.loop = asyncio.get_running_loop()
        ticking = asyncio.create_task(self._tick(listener))
        self._started.set()
        await self._stop.wait()
        ticking.cancel()
        listener.stop_accepting()
        self.cut_off = listener.abort()
        await listener.wait_closed()

    def wait_half_closed(self, seconds: float) -> None:
        """Let callers that have ended their side wait so long for their responses."""
        done = threading.Event()
        config = AppConfig(self.app, lambda _: seconds, render_problem)
        self.loop.call_soon_threadsafe(self._listener.replace_app, config)
        self.loop.call_soon_threadsafe(done.set)
        assert done.wait(DEADLINE_SECONDS)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the loop from doing anything, in the middle of what it has read; its timers are next."""
        held, released = threading.Event(), threading.Event()
        ours, theirs = socket.socketpair()

        def hold() -> None:
            self.loop.remove_reader(theirs)
            held.set()
            released.wait(DEADLINE_SECONDS)

        with ours, theirs:
            self.loop.call_soon_threadsafe(self.loop.add_reader, theirs, hold)
            ours.send(b"x")
            assert held.wait(DEADLINE_SECONDS)
            try:
                yield
            finally:
                released.set()

    async def _tick(self, listener: Listener) -> None:
        while True:
            await asyncio.sleep(SHORT / 10)
            listener.tick()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(DEADLINE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.open()
        self._stop.open()
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(f"{scope['method']} {scope['path']}")
        self.entered.set()
        try:
            await self._respond(scope, receive, send)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/raise":
                raise ValueError("nobody foresaw this")
            case "/raise-late":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"begin", "more_body": True})
                raise ValueError("nobody foresaw this")
            case "/early":
                await send_whole(send, 403, [(b"connection", b"close")], b"no")
                return
            case "/large":
                await send_whole(send, 200, [], b"x" * LARGE_BODY_BYTES)
                self.responded.set()
                return
            case "/held":
                await self.gate.wait()
        body = await read_body(receive, 10_000_000)
        self.headers.append([name.decode() for name, _ in scope["headers"]])
        said = {"path": scope["path"], "query": scope["query_string"].decode(), "body": len(body)}
        await send_whole(send, 200, [JSON], json.dumps(said).encode())


@pytest.fixture(params=list(LOOPS))
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    marker = request.node.get_closest_marker("server_limits")
    with Served(request.param, **(marker.kwargs if marker else {})) as server:
        yield server


@pytest.fixture
def raw(served: Served) -> Iterator[RawConnection]:
    with RawConnection(served.url) as connection:
        yield connection


@pytest.mark.parametrize(
    "message",
    [
        make_head("GET /"),
        make_head("POST /", [("content-length", "2")]) + b"hi",
        make_head("POST /", [("transfer-encoding", "chunked")]) + b"2\r\nhi\r\n0\r\n\r\n",
        make_head("POST /", [("content-length", "2000000")]) + b"x" * 2_000_000,
    ],
    ids=["no body", "a body", "chunks", "a large body"],
)
def test_what_a_request_leaves_waits_for_no_collection(raw: RawConnection, message: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            raw.send(message)
            assert raw.read_response().status == 200
        left = sum(isinstance(one, ServerExchange) for one in gc.get_objects())
    finally:
        gc.enable()
    assert left <= 2  # the last one, and perhaps the one before, which may still be at its end


def problem(connection: RawConnection, status: int) -> Any:
    """The problem that comes back before the connection ends."""
    response = connection.read_response()
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.headers["connection"] == "close"
    assert connection.wait_closed()
    return response.json


def until(condition: Callable[[], bool]) -> None:
    """Wait for what nothing tells of."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(SHORT / 20)


# -- slow callers -----------------------------------------------------------------------------------------------------


hasty = pytest.mark.server_limits(head_seconds=SHORT, body_idle_seconds=SHORT)


@hasty
@pytest.mark.parametrize("begun", [b"", b"\r\n", b"GET", make_head("GET /")[:-2], make_head("GET /")[:-1]])
def test_a_head_that_stays_incomplete_is_closed(served: Served, begun: bytes) -> None:
    with RawConnection(served.url) as raw:
        raw.send(begun)
        assert raw.wait_closed()
    assert served.seen == []


@hasty
@pytest.mark.parametrize("begun", [b"\r\n", b"G", make_head("GET /")[:-2]])
def test_a_second_head_that_stays_incomplete_is_closed(served: Served, raw: RawConnection, begun: bytes) -> None:
    raw.send(make_head("GET /"))
    assert raw.read_response().status == 200
    raw.send(begun)
    assert raw.wait_closed()
    assert len(served.seen) == 1


@hasty
@pytest.mark.parametrize("framing", [("content-length", "10"), ("transfer-encoding", "chunked")])
@pytest.mark.parametrize("begun", [b"", b"3\r\nab"])
def test_a_body_that_stays_incomplete_is_closed(
    served: Served, raw: RawConnection, framing: tuple[str, str], begun: bytes
) -> None:
    raw.send(make_head("POST /", [framing]) + begun)
    assert raw.wait_closed()
    assert served.cancelled.wait(DEADLINE_SECONDS)


@hasty
def test_a_caller_that_is_made_to_wait_is_not_slow(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("POST /held", [("content-length", "3")]) + b"abc")
    assert served.entered.wait(DEADLINE_SECONDS)
    with RawConnection(served.url) as slow:  # once it is closed, the other one has waited for as long
        slow.send(make_head("POST /", [("content-length", "3")]))
        assert slow.wait_closed()
    served.gate.open()
    assert raw.read_response().json["body"] == 3


@hasty
def test_a_caller_that_is_held_back_is_not_slow(served: Served, raw: RawConnection) -> None:
    size = 1_000_000
    raw.send(make_head("POST /held", [("content-length", str(size))]) + b"x" * 200_000)
    assert served.entered.wait(DEADLINE_SECONDS)
    with RawConnection(served.url) as slow:
        slow.send(make_head("POST /", [("content-length", "3")]))
        assert slow.wait_closed()
    served.gate.open()
    raw.send(b"x" * (size - 200_000))
    assert raw.read_response().json["body"] == size


@hasty
@pytest.mark.parametrize("used", [False, True])
def test_a_request_that_is_ready_to_read_is_served_though_its_time_is_over(served: Served, *, used: bool) -> None:
    with RawConnection(served.url) as raw:
        if used:
            raw.send(make_head("GET /") + b"G")
            assert raw.read_response().status == 200
        else:
            raw.send(b"G")
        time.sleep(SHORT / 4)  # until it was read: what is late then is the rest
        with served.busy():
            raw.send(make_head("GET /ready")[1:])
            time.sleep(3 * SHORT)  # its time is over, and nobody has looked at it
        assert raw.read_response().json["path"] == "/ready"


@pytest.mark.server_limits(late_tick_seconds=SHORT, keep_alive_seconds=2 * SHORT)
def test_an_idle_connection_whose_request_is_ready_is_not_closed(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /"))
    assert raw.read_response().status == 200
    with served.busy():
        raw.send(make_head("GET /ready"))
        time.sleep(4 * SHORT)
    assert raw.read_response().json["path"] == "/ready"


@hasty
def test_an_idle_connection_outlives_the_heads_deadline(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /"))
    assert raw.read_response().status == 200
    with RawConnection(served.url) as slow:
        assert slow.wait_closed()
    raw.send(make_head("GET /again"))
    assert raw.read_response().json["path"] == "/again"


def test_an_idle_connection_is_closed_in_the_end() -> None:
    with Served("uvloop", keep_alive_seconds=0) as served, RawConnection(served.url) as raw:
        raw.send(make_head("GET /"))
        assert raw.read_response().status == 200
        assert raw.wait_closed()


# -- large heads ------------------------------------------------------------------------------------------------------


def test_a_hundred_headers_are_taken(raw: RawConnection) -> None:
    raw.send(make_head("GET /", [(f"x-{n}", "y") for n in range(limits.REQUEST_HEADERS_MAX - 1)]))
    assert raw.read_response().status == 200


def test_more_headers_are_431(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /", [(f"x-{n}", "y") for n in range(limits.REQUEST_HEADERS_MAX)]))
    assert problem(raw, 431)
    assert served.seen == []


SIZE = limits.REQUEST_HEAD_BYTES_MAX
LARGE = {
    "one header": make_head("GET /", [("x", "y" * SIZE)]),
    "many headers": make_head("GET /", [(f"x-{n}", "y" * (SIZE // 50)) for n in range(60)]),
    "a target": make_head("GET /" + "y" * SIZE),
    "an endless header": make_head("GET /", [("x", "y" * SIZE * 2)])[:-4],
    "an endless header name": make_head("GET /", [("x" * SIZE * 2, "")])[:-6],
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_a_large_head_is_431(served: Served, raw: RawConnection, large: bytes) -> None:
    raw.send(large)
    assert problem(raw, 431)
    assert served.seen == []


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_a_large_head_on_a_used_connection_is_431(served: Served, raw: RawConnection, large: bytes) -> None:
    raw.send(make_head("POST /", [("content-length", "5")]) + b"abcde")
    assert raw.read_response().status == 200
    raw.send(large)
    assert problem(raw, 431)
    assert len(served.seen) == 1


def test_a_head_of_almost_the_limit_is_taken(raw: RawConnection) -> None:
    raw.send(make_head("GET /", [("x", "y" * (SIZE - 500))]))
    assert raw.read_response().status == 200


def test_a_large_body_behind_a_head_in_two_pieces_is_no_large_head(raw: RawConnection) -> None:
    whole = make_head("POST /", [("content-length", "1000000")])
    raw.send(whole[:10])
    raw.send(whole[10:] + b"x" * 1_000_000)
    assert raw.read_response().json["body"] == 1_000_000


def test_a_large_body_before_a_head_in_two_pieces_is_no_large_head(raw: RawConnection) -> None:
    second = make_head("GET /second")
    raw.send(make_head("POST /", [("content-length", "1000000")]) + b"x" * 1_000_000 + second[:10])
    assert raw.read_response().json["body"] == 1_000_000
    raw.send(second[10:])
    assert raw.read_response().json["path"] == "/second"


# -- what is no proper request ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_a_request_without_exactly_one_host_is_400(served: Served, raw: RawConnection, request_head: bytes) -> None:
    raw.send(request_head)
    assert "Host" in problem(raw, 400)["detail"]
    assert served.seen == []


def test_http_1_0_needs_no_host(raw: RawConnection) -> None:
    raw.send(b"GET / HTTP/1.0\r\n\r\n")
    assert raw.read_response().status == 200
    assert raw.wait_closed()


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMINGS = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": b"Content-Length: 5, 0\r\n\r\n",
    "a signed length": b"Content-Length: +5\r\n\r\nabcde",
    "a hexadecimal length": b"Content-Length: 0x5\r\n\r\nabcde",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "an empty length": b"Content-Length: \r\n\r\n",
    "a huge length": b"Content-Length: 99999999999999999999999\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding that is not undone": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding in another header": b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "identity": b"Transfer-Encoding: identity\r\n\r\n",
    "chunked not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Content-Length : 5\r\n\r\nabcde",
    "a folded header": b"X: a\r\n Content-Length: 5\r\n\r\n",
    "a bare carriage return": b"X: a\rContent-Length: 5\r\n\r\n",
    "a null byte": b"X: a\0b\r\n\r\n",
    "no header": b"Content-Length\r\n\r\n",
    "a chunk size that is none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
    "a signed chunk size": b"Transfer-Encoding: chunked\r\n\r\n+2\r\nab\r\n0\r\n\r\n",
    "a huge chunk size": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab\r\n0\r\n\r\n",
    "a chunk longer than its size": b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_nothing_is_smuggled_behind_an_ambiguous_request(served: Served, raw: RawConnection, framing: bytes) -> None:
    raw.send(b"POST /outer HTTP/1.1\r\nHost: x\r\n" + framing + SMUGGLED)
    received = raw.read_rest()
    assert b" 200 " not in received
    assert received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")) or received == b""
    assert "GET /smuggled" not in served.seen


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"{}\r\n\r\n"]
)
def test_what_is_not_http_1_is_400(served: Served, raw: RawConnection, garbage: bytes) -> None:
    raw.send(garbage)
    assert problem(raw, 400)
    assert served.seen == []


@pytest.mark.parametrize(
    "line", ["CONNECT example.com:443", "GET http://example.com/x", "OPTIONS *", "GET //x", "GET /%"]
)
def test_an_odd_target_gets_a_response(raw: RawConnection, line: str) -> None:
    raw.send(make_head(line))
    assert raw.read_response().status in (200, 204, 400, 404)


def test_an_upgrade_is_ignored(raw: RawConnection) -> None:
    raw.send(make_head("GET /", [("connection", "upgrade"), ("upgrade", "websocket")]))
    assert raw.read_response().status == 200


def test_garbage_behind_a_request_does_not_get_into_its_response(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /held") + b"\0garbage\r\n\r\n")
    assert served.entered.wait(DEADLINE_SECONDS)
    served.gate.open()
    assert raw.read_response().json["path"] == "/held"
    assert raw.read_response().status == 400
    assert raw.read_rest() == b""


# -- connections ------------------------------------------------------------------------------------------------------


def test_a_connection_is_used_again(served: Served, raw: RawConnection) -> None:
    for number in range(5):
        raw.send(make_head(f"POST /{number}?q={number}", [("content-length", "2")]) + b"ab")
        assert raw.read_response().json == {"path": f"/{number}", "query": f"q={number}", "body": 2}
    assert len(served.seen) == 5


def test_pipelined_requests_get_responses_in_order(served: Served, raw: RawConnection) -> None:
    lines = ["GET /held", "GET /1", "POST /2", "GET /3"]
    body = b"4\r\nabcd\r\n0\r\n\r\n"
    requests = [
        make_head(line, [("transfer-encoding", "chunked")]) + body if line == "POST /2" else make_head(line)
        for line in lines
    ]
    raw.send(b"".join(requests))
    assert served.entered.wait(DEADLINE_SECONDS)
    assert served.seen == ["GET /held"]
    served.gate.open()
    assert [(a["path"], a["body"]) for a in (raw.read_response().json for _ in lines)] == [
        ("/held", 0),
        ("/1", 0),
        ("/2", 4),
        ("/3", 0),
    ]


def test_connection_close_is_kept(raw: RawConnection) -> None:
    raw.send(make_head("GET /", [("connection", "close")]))
    assert raw.read_response().headers["connection"] == "close"
    assert raw.wait_closed()


def test_expect_continue_gets_100_when_the_body_is_read(raw: RawConnection) -> None:
    raw.send(make_head("POST /", [("content-length", "3"), ("expect", "100-continue")]))
    assert raw.read_response().status == 100
    raw.send(b"abc")
    assert raw.read_response().json["body"] == 3


def test_expect_continue_gets_no_100_when_the_body_is_not_read(raw: RawConnection) -> None:
    raw.send(make_head("POST /early", [("content-length", "3"), ("expect", "100-continue")]))
    assert raw.read_response().status == 403


@pytest.mark.parametrize("framing", [("content-length", "4000000"), ("transfer-encoding", "chunked")])
def test_a_response_before_the_bodys_end_arrives(raw: RawConnection, framing: tuple[str, str]) -> None:
    start = b"" if framing[0] == "content-length" else b"3d0900\r\n"
    raw.send(make_head("POST /early", [framing]) + start + b"x" * 4_000_000)
    response = raw.read_response()
    assert (response.status, response.body) == (403, b"no")
    assert raw.wait_closed()


@pytest.mark.server_limits(refused_seconds=SHORT)
def test_a_body_that_never_ends_is_not_read_for_ever(raw: RawConnection) -> None:
    raw.send(make_head("POST /early", [("transfer-encoding", "chunked")]) + b"f" * 10)
    assert raw.read_response().status == 403
    with pytest.raises(ConnectionError):
        raw.send_for_ever(b"x" * 65536)


def test_a_caller_that_leaves_cancels_what_runs_for_it(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /held"))
    assert served.entered.wait(DEADLINE_SECONDS)
    raw.close()
    assert served.cancelled.wait(DEADLINE_SECONDS)


# -- what comes with a body -------------------------------------------------------------------------------------------

CHUNKED = make_head("POST /", [("transfer-encoding", "chunked")])


def test_trailers_are_no_headers(served: Served, raw: RawConnection) -> None:
    raw.send(CHUNKED + b"2;a=b\r\nab\r\n0\r\nContent-Type: evil\r\nX-Trailer: 1\r\n\r\n")
    assert raw.read_response().json["body"] == 2
    raw.send(make_head("GET /"))
    assert raw.read_response().status == 200
    assert served.headers == [["host", "transfer-encoding"], ["host"]]


ENDLESS = {
    "trailers": (b"0\r\n", b"x: y\r\n" * 1000),
    "one trailer": (b"0\r\nx: ", b"y" * 6000),
    "a trailer's name": (b"0\r\n", b"y" * 6000),
    "a chunk extension": (b"2;", b"y" * 6000),
}


@pytest.mark.parametrize(("begun", "more"), ENDLESS.values(), ids=ENDLESS)
def test_what_is_no_body_does_not_go_on_for_ever(served: Served, raw: RawConnection, begun: bytes, more: bytes) -> None:
    raw.send(CHUNKED + begun)
    assert served.entered.wait(DEADLINE_SECONDS)
    with pytest.raises(ConnectionError):
        raw.send_for_ever(more)
    assert served.cancelled.wait(DEADLINE_SECONDS)
    assert served.headers == []


def test_many_small_chunks_are_a_body(raw: RawConnection) -> None:
    raw.send(CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
    assert raw.read_response().json["body"] == 100_000


BAD_CODINGS = {
    "gzip, chunked": (501, make_head("POST /", [("transfer-encoding", "gzip, chunked")])),
    "gzip and chunked": (501, make_head("POST /", [("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")])),
    "identity": (400, make_head("POST /", [("transfer-encoding", "identity")])),
    "unknown": (400, make_head("POST /", [("transfer-encoding", "xchunked")])),
    "HTTP/1.0": (400, CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0")),
}


@pytest.mark.parametrize(("status", "request_head"), BAD_CODINGS.values(), ids=BAD_CODINGS)
def test_a_coding_that_is_not_chunked_alone_is_refused(
    served: Served, raw: RawConnection, status: int, request_head: bytes
) -> None:
    raw.send(request_head + b"3\r\nabc\r\n0\r\n\r\n")
    assert problem(raw, status)
    assert served.seen == []


def test_a_refusal_waits_for_the_response_before_it(served: Served, raw: RawConnection) -> None:
    raw.send(
        make_head("GET /held") + make_head("GET /second") + make_head("GET /third", host="") + make_head("GET /fourth")
    )
    assert served.entered.wait(DEADLINE_SECONDS)
    served.gate.open()
    assert [raw.read_response().json["path"] for _ in range(2)] == ["/held", "/second"]
    assert problem(raw, 400)
    assert served.seen == ["GET /held", "GET /second"]


def test_a_refused_head_request_gets_a_response_without_a_body(raw: RawConnection) -> None:
    raw.send(make_head("HEAD /", host=""))
    assert raw.read_rest().endswith(b"\r\n\r\n")


# -- callers that do not read -----------------------------------------------------------------------------------------


@pytest.mark.server_limits(write_stall_seconds=SHORT)
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_a_response_that_is_not_read_is_aborted(
    served: Served,
    raw: RawConnection,
    connection: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    raw.send(make_head("GET /large", [("connection", connection)]))
    assert served.responded.wait(DEADLINE_SECONDS)
    until(lambda: "response not read" in caplog.text)
    received = b""
    with suppress(ConnectionResetError):
        received = raw.read_rest()
    assert len(received) < LARGE_BODY_BYTES


@pytest.mark.server_limits(write_stall_seconds=4 * SHORT)
def test_a_response_that_is_read_slowly_arrives(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /large", [("connection", "close")]))
    assert served.responded.wait(DEADLINE_SECONDS)
    received = 0
    while piece := raw.read_some(LARGE_BODY_BYTES // 16):
        received += len(piece)
        threading.Event().wait(SHORT / 2)  # the pace is what is tested: in all, longer than the limit
    assert received > LARGE_BODY_BYTES


@pytest.mark.parametrize("loop", LOOPS)
def test_a_shutdown_aborts_a_response_that_is_not_read(loop: str) -> None:
    with ExitStack() as after:
        with Served(loop) as served:
            raw = after.enter_context(RawConnection(served.url))
            raw.send(make_head("GET /large"))
            assert served.responded.wait(DEADLINE_SECONDS)
        assert served.cut_off == 1


# -- callers that end their side --------------------------------------------------------------------------------------


def test_a_caller_that_ends_its_side_gets_its_response(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /held"))
    assert served.entered.wait(DEADLINE_SECONDS)
    raw.end_sending()
    served.gate.open()
    response = raw.read_response()
    assert (response.json["path"], response.headers["connection"]) == ("/held", "close")
    assert raw.wait_closed()


def test_a_caller_that_ended_its_side_waits_for_a_bounded_time(served: Served, raw: RawConnection) -> None:
    served.wait_half_closed(SHORT)
    raw.send(make_head("GET /held"))
    assert served.entered.wait(DEADLINE_SECONDS)
    raw.end_sending()
    assert raw.wait_closed()
    assert served.cancelled.wait(DEADLINE_SECONDS)


def test_a_caller_that_ended_its_side_waits_for_longer_than_it_did(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("GET /held"))
    assert served.entered.wait(DEADLINE_SECONDS)
    raw.end_sending()
    time.sleep(3)  # of time itself; the bound was two seconds
    served.gate.open()
    assert raw.read_response().json["path"] == "/held"


def test_a_caller_that_ended_its_side_gets_all_of_a_large_response(served: Served, raw: RawConnection) -> None:
    served.wait_half_closed(SHORT)
    raw.send(make_head("GET /large"))
    raw.end_sending()
    assert served.responded.wait(DEADLINE_SECONDS)
    assert len(raw.read_rest()) > LARGE_BODY_BYTES


def test_a_caller_that_ends_its_side_in_a_body_is_gone(served: Served, raw: RawConnection) -> None:
    raw.send(make_head("POST /", [("content-length", "3")]) + b"a")
    assert served.entered.wait(DEADLINE_SECONDS)
    raw.end_sending()
    assert raw.wait_closed()
    assert served.cancelled.wait(DEADLINE_SECONDS)


# -- too many connections ---------------------------------------------------------------------------------------------


@pytest.mark.server_limits(connections_max=1)
def test_a_connection_over_the_limit_is_503_with_retry_after(served: Served) -> None:
    with RawConnection(served.url) as first:
        first.send(make_head("GET /"))
        assert first.read_response().status == 200
        with RawConnection(served.url) as second:
            response = second.read_response()
            assert (response.status, response.headers["retry-after"]) == (503, "1")
            assert response.json["type"] == "urn:naftiko:problem:too-many-connections"
            assert second.wait_closed()
        first.send(make_head("GET /"))
        assert first.read_response().status == 200


@pytest.mark.server_limits(connections_max=0, connections_refused_max=0)
def test_far_too_many_connections_are_dropped(served: Served) -> None:
    with RawConnection(served.url) as raw:
        assert raw.wait_closed()
    assert served.seen == []


# -- our own mistakes -------------------------------------------------------------------------------------------------


def test_an_unexpected_error_is_a_500_that_the_log_explains(
    raw: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    raw.send(make_head("GET /raise"))
    response = raw.read_response()
    assert (response.status, response.headers["content-type"]) == (500, "application/problem+json")
    assert b"foresaw" not in response.body
    found = re.search(r"\b[0-9a-f]{12}\b", response.json["detail"])
    assert found is not None
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert vars(record)["incident"] == found[0]
    assert vars(record)["path"] == "/raise"
    assert 'ValueError("nobody foresaw this")' in caplog.text
    assert "Traceback (most recent call last)" in caplog.text
    raw.send(make_head("GET /"))
    assert raw.read_response().status == 200


def test_an_unexpected_error_in_the_middle_of_a_response_breaks_it_off(
    raw: RawConnection, caplog: pytest.LogCaptureFixture
) -> None:
    raw.send(make_head("GET /raise-late"))
    received = b""
    with suppress(ConnectionResetError):
        received = raw.read_rest()
    assert b"0\r\n\r\n" not in received
    assert "nobody foresaw this" in caplog.text
