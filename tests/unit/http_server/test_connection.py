"""The states of a connection: see the tables of docs/adr/0018."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_server.connection import ConnectionState

if TYPE_CHECKING:
    from support.http_connections import FakeCaller, ServerHarness

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GRACE = limits.TIMER_GRACE_SECONDS
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"


def paths(server: ServerHarness) -> list[str]:
    return [call.scope["path"] for call in server.calls]


# -- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bytewise", [False, True])
def test_a_request_gets_a_response_and_the_connection_is_kept(server: ServerHarness, *, bytewise: bool) -> None:
    caller = server.connect()
    for number in range(2):
        (caller.send_bytewise if bytewise else caller.send)(GET)
        server.respond(server.calls[number])
        assert caller.read() == OK
    assert (caller.protocol.state, caller.events) == (ConnectionState.READING, [])


def test_a_scope_has_both_ends_of_the_connection(server: ServerHarness) -> None:
    server.connect().send(GET)
    scope = server.calls[0].scope
    assert (scope["client"], scope["server"]) == (("192.0.2.1", 40000), ("192.0.2.2", 80))


def test_the_response_to_http_1_0_ends_the_connection(server: ServerHarness) -> None:
    caller = server.connect().send(b"GET / HTTP/1.0\r\n\r\n")
    server.respond(server.calls[0])
    assert caller.read() == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
    assert caller.events == ["close"]


def test_pipelined_requests_get_responses_one_after_the_other(server: ServerHarness) -> None:
    caller = server.connect().send(GET + GET.replace(b"/a", b"/b") + GET.replace(b"/a", b"/c"))
    assert (paths(server), caller.events) == (["/a"], ["pause"])
    for number, path in enumerate(["/a", "/b", "/c"]):
        assert paths(server)[-1] == path
        server.respond(server.calls[number], path.encode())
    assert [part.split(b"\r\n\r\n")[1] for part in caller.read().split(b"HTTP/1.1")[1:]] == [b"/a", b"/b", b"/c"]
    assert (caller.events, caller.protocol.state) == (["pause", "resume"], ConnectionState.READING)


def test_a_pipelined_request_runs_only_after_the_response_before_it(server: ServerHarness) -> None:
    caller = server.connect().send(GET + GET)
    server.run(server.calls[0].send({"type": "http.response.start", "status": 200, "headers": []}))
    assert (len(server.calls), caller.read()) == (1, b"")


# -- rejection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"nothing\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01"])
def test_what_is_no_request_is_rejected_and_the_connection_lingers(server: ServerHarness, data: bytes) -> None:
    caller = server.connect().send(data)
    assert caller.read().startswith(BAD_REQUEST)
    assert (caller.events, caller.protocol.state, server.calls) == (["write_eof"], ConnectionState.LINGERING, [])
    assert len(server.rejections) == 1


def test_a_rejection_waits_for_the_responses_before_it(server: ServerHarness) -> None:
    caller = server.connect().send(GET + GET + b"nothing\r\n\r\n")
    assert (caller.protocol.state, caller.read()) == (ConnectionState.REJECTED, b"")
    server.respond(server.calls[0])
    assert caller.read() == OK
    server.respond(server.calls[1])
    assert caller.read().startswith(OK + BAD_REQUEST)
    assert caller.protocol.state is ConnectionState.LINGERING


def test_nothing_behind_a_rejected_request_is_read(server: ServerHarness) -> None:
    caller = server.connect().send(b"nothing\r\n\r\n" + GET).send(GET)
    assert (server.calls, len(server.rejections)) == ([], 1)
    assert caller.read().count(b"HTTP/1.1 400") == 1


def test_the_rejection_of_a_head_request_has_no_body(server: ServerHarness) -> None:
    assert server.connect().send(b"HEAD / HTTP/1.1\r\n\r\n").read().endswith(b"\r\n\r\n")


def test_more_pipelined_requests_than_may_wait_are_rejected(server: ServerHarness) -> None:
    caller = server.connect().send(GET * (limits.REQUESTS_WAITING_MAX + 2))
    assert (caller.protocol.state, server.rejections) == (ConnectionState.REJECTED, ["too-many-requests-waiting"])
    for number in range(limits.REQUESTS_WAITING_MAX + 1):
        server.respond(server.calls[number])
    responses = caller.read().split(b"HTTP/1.1 ")[1:]
    assert [response[:3] for response in responses] == [b"200"] * (limits.REQUESTS_WAITING_MAX + 1) + [b"503"]


def test_bytes_that_are_no_body_close_the_connection_without_a_word(server: ServerHarness) -> None:
    caller = server.connect().send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
    assert (caller.events, caller.protocol.state, caller.read()) == (["close"], ConnectionState.CLOSING, b"")


def test_a_connection_too_many_is_rejected_and_far_too_many_are_dropped(
    server: ServerHarness,
) -> None:
    server.state.limits = replace(server.state.limits, connections_max=1, connections_refused_max=1)
    _, second, third = server.connect(), server.connect(), server.connect()
    assert second.read().startswith(b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n")
    assert (third.read(), third.events, third.protocol.state) == (b"", ["abort"], ConnectionState.CLOSING)
    assert server.rejections == ["too-many-connections"] * 2


# -- bodies -----------------------------------------------------------------------------------------------------------


def test_a_body_reaches_its_request_as_it_arrives(server: ServerHarness) -> None:
    caller = server.connect().send(POST + b"ab")
    call = server.calls[0]
    assert server.run(call.receive()) == {"type": "http.request", "body": b"ab", "more_body": True}
    caller.send(b"cd")
    assert server.run(call.receive()) == {"type": "http.request", "body": b"cd", "more_body": False}


def test_reading_pauses_while_the_application_does_not_ask_for_a_body(server: ServerHarness) -> None:
    size = limits.REQUEST_BUFFERED_BYTES_MAX + 1
    caller = server.connect().send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (size + 1))
    caller.send(b"x" * size)
    assert caller.events == ["pause"]
    server.advance(limits.REQUEST_BODY_IDLE_SECONDS + GRACE + 1)  # the application holds the caller back
    assert caller.events == ["pause"]
    assert len(server.run(server.calls[0].receive())["body"]) == size
    assert caller.events == ["pause", "resume"]


def test_a_response_before_the_end_of_a_long_body_lets_the_connection_linger(server: ServerHarness) -> None:
    caller = server.connect().send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nab")
    server.respond(server.calls[0])
    assert caller.read() == OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert (caller.events, caller.protocol.state) == (["write_eof"], ConnectionState.LINGERING)


def test_a_response_before_the_end_of_a_short_body_keeps_the_connection(server: ServerHarness) -> None:
    caller = server.connect().send(POST + b"ab")
    server.respond(server.calls[0])
    assert (caller.read(), caller.events) == (OK, [])
    caller.send(b"cd" + GET)
    assert paths(server) == ["/b", "/a"]


# -- lingering close --------------------------------------------------------------------------------------------------


def lingering(server: ServerHarness) -> FakeCaller:
    return server.connect().send(b"nothing\r\n\r\n")


def test_a_lingering_connection_drops_what_arrives_and_closes_in_the_end(server: ServerHarness) -> None:
    caller = lingering(server)
    caller.send(GET)
    server.advance(limits.REFUSED_SECONDS - 1)
    assert (caller.events, server.calls) == (["write_eof"], [])
    server.advance(1)
    assert caller.events == ["write_eof", "close"]


def test_a_lingering_connection_ends_when_its_caller_ends_its_side(server: ServerHarness) -> None:
    assert lingering(server).end_side() is False


def test_a_transport_that_cannot_end_one_side_closes(server: ServerHarness) -> None:
    assert server.connect(half_closes=False).send(b"nothing\r\n\r\n").events == ["close"]


@pytest.mark.parametrize("reads", [False, True])
def test_requests_that_wait_are_dropped_when_a_response_ends_the_connection(
    server: ServerHarness, *, reads: bool
) -> None:
    caller = server.connect().send(GET + GET)
    call = server.calls[0]
    if reads:
        server.run(call.receive())

    async def respond() -> None:
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await call.send({"type": "http.response.start", "status": 200, "headers": headers})
        await call.send({"type": "http.response.body", "body": b""})

    server.run(respond())
    assert (len(server.calls), caller.protocol.state) == (1, ConnectionState.LINGERING)
    assert caller.events == (["pause", "resume", "write_eof"] if reads else ["pause", "write_eof", "resume"])


# -- timeouts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHo"])
def test_a_head_has_to_arrive_in_time(server: ServerHarness, sent: bytes) -> None:
    caller = server.connect()
    if sent:
        caller.send(sent)
    server.advance(limits.REQUEST_HEAD_SECONDS - 1)
    assert caller.events == []
    server.advance(1 + GRACE)
    assert caller.events == ["close"]


def test_each_part_of_a_body_has_to_arrive_in_time(server: ServerHarness) -> None:
    caller = server.connect().send(POST)
    for _ in range(3):
        server.advance(limits.REQUEST_BODY_IDLE_SECONDS - 1)
        caller.send(b"x")
    assert caller.events == []
    server.advance(limits.REQUEST_BODY_IDLE_SECONDS + GRACE)
    assert caller.events == ["close"]


def test_the_first_part_of_a_body_has_to_arrive_in_time(server: ServerHarness) -> None:
    caller = server.connect().send(POST)
    server.advance(limits.REQUEST_BODY_IDLE_SECONDS - 1)
    assert caller.events == []
    server.advance(1 + GRACE)
    assert caller.events == ["close"]


def test_no_timer_runs_while_the_application_works(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.advance(1_000_000)
    server.do(lambda: caller.protocol.check_timeouts(server.loop.time()))
    assert caller.events == []
    server.respond(server.calls[0])
    assert caller.read() == OK


def test_an_idle_connection_is_closed_by_the_tick(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.respond(server.calls[0])
    server.advance(limits.KEEP_ALIVE_SECONDS)
    server.do(lambda: caller.protocol.check_timeouts(server.loop.time()))
    assert caller.events == []
    server.advance(1)
    server.do(lambda: caller.protocol.check_timeouts(server.loop.time()))
    assert caller.events == ["close"]


def test_the_head_of_the_next_request_has_to_arrive_in_time_as_well(server: ServerHarness) -> None:
    caller = server.connect().send(GET + b"GET /b")
    server.respond(server.calls[0])
    server.advance(limits.REQUEST_HEAD_SECONDS + GRACE)
    assert caller.events == ["close"]


def test_a_caller_that_reads_nothing_is_given_up(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    caller.transport.unsent_bytes = 10
    now = server.loop.time()
    for seconds in (0, 1, limits.WRITE_STALL_SECONDS):
        caller.protocol.check_timeouts(now + seconds)
    assert caller.events == []
    caller.protocol.check_timeouts(now + limits.WRITE_STALL_SECONDS + 1)
    assert caller.events == ["abort"]


# -- the caller's end -------------------------------------------------------------------------------------------------


def test_a_caller_that_ends_its_side_still_gets_its_response(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    assert caller.end_side() is True
    assert caller.protocol.state is ConnectionState.HALF_CLOSED
    server.respond(server.calls[0])
    assert caller.read() == OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert caller.events == ["close"]


def test_a_half_closed_caller_waits_no_longer_than_the_application_allows(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    caller.end_side()
    server.advance(limits.HALF_CLOSED_SECONDS - 1)
    assert caller.events == []
    server.advance(1)
    assert caller.events == ["close"]


def test_a_half_closed_caller_that_still_reads_is_not_given_up(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    caller.end_side()
    caller.transport.unsent_bytes = 10
    server.advance(limits.HALF_CLOSED_SECONDS + 1)
    assert caller.events == []


@pytest.mark.parametrize("sent", [b"", b"GET / HT", POST + b"ab"])
def test_a_caller_that_ends_its_side_with_nothing_to_wait_for_is_gone(server: ServerHarness, sent: bytes) -> None:
    caller = server.connect()
    if sent:
        caller.send(sent)
    assert caller.end_side() is False


def test_a_lost_connection_cancels_what_runs_for_it(server: ServerHarness) -> None:
    caller = server.connect().send(GET + GET)
    caller.disconnect()
    assert [call.cancelled for call in server.calls] == [True]
    assert (caller.protocol.state, server.state.connections, server.state.tasks) == (
        ConnectionState.CLOSING,
        set(),
        set(),
    )
    assert caller.read() == b""


def test_an_application_can_read_of_a_lost_connection(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    receive = server.calls[0].receive
    server.run(receive())
    caller.disconnect()
    assert server.run(receive()) == {"type": "http.disconnect"}


# -- the operator -----------------------------------------------------------------------------------------------------


def test_shutdown_closes_a_connection_that_was_used(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.respond(server.calls[0])
    server.do(caller.protocol.shutdown)
    assert caller.events == ["close"]


def test_shutdown_lets_a_response_in_progress_end_its_connection(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.do(caller.protocol.shutdown)
    assert caller.events == []
    server.respond(server.calls[0])
    assert caller.read() == OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    assert caller.events == ["close"]


def test_shutdown_leaves_a_new_caller_the_time_for_one_request(server: ServerHarness) -> None:
    caller = server.connect()
    server.do(caller.protocol.shutdown)
    server.advance(limits.LAST_REQUEST_SECONDS - 0.5)
    assert caller.events == []
    server.advance(0.5 + GRACE)
    assert caller.events == ["close"]


def test_what_a_caller_has_not_read_can_be_dropped(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    caller.transport.unsent_bytes = 10
    assert caller.protocol.abort_unsent() is False  # its response is not complete
    server.respond(server.calls[0])
    assert caller.protocol.abort_unsent() is True
    assert caller.events == ["abort"]
