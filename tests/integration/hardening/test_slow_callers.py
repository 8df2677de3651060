"""Callers that are slow, that leave, and that do not read; and faults of the application."""

from __future__ import annotations

import gc
import logging
import re
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from naftiko_runtime.http_server.exchange import ServerExchange
from support.caller import DEADLINE_SECONDS, RawConnection, make_head
from support.loop_listener import LARGE_BODY_BYTES, LOOPS, SHORT, Served, until


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
