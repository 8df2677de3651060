"""Heads, framings and bodies: large, ambiguous, broken, and pipelined."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime import limits
from support.caller import DEADLINE_SECONDS, RawConnection, make_head
from support.loop_listener import SHORT, Served


def problem(connection: RawConnection, status: int) -> Any:
    """The problem that comes back before the connection ends."""
    response = connection.read_response()
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.headers["connection"] == "close"
    assert connection.wait_closed()
    return response.json


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


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
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
    raw.send(b"POST /outer HTTP/1.1\r\nHost: localhost\r\n" + framing + SMUGGLED)
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
