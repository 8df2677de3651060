"""ASGI messages of an application, and the bytes on the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.http_server.connection import ConnectionState

if TYPE_CHECKING:
    from support.http_connections import Call, FakeCaller, ServerHarness

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
LENGTH_4 = (b"content-length", b"4")


def ask(server: ServerHarness, request: bytes = GET) -> tuple[FakeCaller, Call]:
    caller = server.connect().send(request)
    return caller, server.calls[-1]


def start(server: ServerHarness, call: Call, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    server.run(call.send({"type": "http.response.start", "status": status, "headers": headers}))


def body(server: ServerHarness, call: Call, data: bytes = b"", *, more: bool = False) -> None:
    server.run(call.send({"type": "http.response.body", "body": data, "more_body": more}))


# -- sending ----------------------------------------------------------------------------------------------------------


def test_the_head_goes_out_with_the_first_piece_of_the_body(server: ServerHarness) -> None:
    caller, call = ask(server)
    start(server, call, LENGTH_4)
    assert caller.read() == b""
    body(server, call, b"ab", more=True)
    assert caller.read() == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"
    body(server, call, b"cd")
    assert caller.read() == b"cd"


def test_a_body_without_a_length_is_sent_in_chunks(server: ServerHarness) -> None:
    caller, call = ask(server)
    start(server, call)
    body(server, call, b"", more=True)
    assert caller.read() == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    body(server, call, b"x" * 17, more=True)
    body(server, call)
    assert caller.read() == b"11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n"
    assert caller.events == []


def test_a_body_of_http_1_0_without_a_length_ends_with_the_connection(server: ServerHarness) -> None:
    caller, call = ask(server, OLD)
    start(server, call)
    body(server, call, b"abc")
    assert caller.read() == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc"
    assert caller.events == ["close"]


@pytest.mark.parametrize(("request_", "status"), [(HEAD, 200), (GET, 204), (GET, 304)])
def test_some_responses_have_no_body(server: ServerHarness, request_: bytes, status: int) -> None:
    caller, call = ask(server, request_)
    start(server, call, status=status)
    body(server, call)
    assert caller.read().partition(b"\r\n")[2] == b"\r\n"
    assert caller.protocol.state is ConnectionState.READING


def test_the_response_to_head_has_the_length_of_what_get_gives(server: ServerHarness) -> None:
    caller, call = ask(server, HEAD)
    start(server, call, LENGTH_4)
    body(server, call, b"abcd")
    assert caller.read() == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


def test_the_application_can_end_the_connection(server: ServerHarness) -> None:
    caller, call = ask(server)
    start(server, call, LENGTH_4, (b"connection", b"Close"))
    body(server, call, b"abcd")
    assert caller.read() == b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: Close\r\n\r\nabcd"
    assert caller.events == ["close"]


def test_the_listeners_headers_come_first_and_can_end_the_connection(server: ServerHarness) -> None:
    server.state.set_headers([(b"date", b"today"), (b"connection", b"close")])
    caller, call = ask(server)
    start(server, call, LENGTH_4)
    body(server, call, b"abcd")
    assert caller.read() == (b"HTTP/1.1 200 OK\r\ndate: today\r\nconnection: close\r\ncontent-length: 4\r\n\r\nabcd")
    assert caller.events == ["close"]


@pytest.mark.parametrize(
    "header",
    [(b"a", b"b\r\nc: d"), (b"a", b"b\nc"), (b"a", b"b\rc"), (b"a\r\nb", b"c"), (b"a", b"b\0")],
)
def test_a_header_that_would_end_its_line_is_never_sent(server: ServerHarness, header: tuple[bytes, bytes]) -> None:
    caller, call = ask(server)
    with pytest.raises(RuntimeError):
        start(server, call, header)
    assert caller.read() == b""
    start(server, call, LENGTH_4)  # an error can still be sent
    body(server, call, b"abcd")
    assert caller.read().endswith(b"\r\n\r\nabcd")


@pytest.mark.parametrize("data", [b"abcde", b"abc"])
def test_a_body_of_another_length_than_announced_is_an_error(server: ServerHarness, data: bytes) -> None:
    _, call = ask(server)
    start(server, call, LENGTH_4)
    with pytest.raises(RuntimeError):
        body(server, call, data)


def test_messages_out_of_order_are_errors(server: ServerHarness) -> None:
    _, call = ask(server)
    with pytest.raises(RuntimeError):
        body(server, call)
    start(server, call, LENGTH_4)
    with pytest.raises(RuntimeError):
        start(server, call, LENGTH_4)
    body(server, call, b"abcd")
    with pytest.raises(RuntimeError):
        body(server, call)


def test_nothing_is_sent_to_a_caller_that_is_gone(server: ServerHarness) -> None:
    caller, call = ask(server)
    caller.disconnect()
    start(server, call, LENGTH_4)
    body(server, call, b"much too long")
    assert caller.read() == b""


def test_sending_waits_for_a_caller_that_does_not_read(server: ServerHarness) -> None:
    caller, call = ask(server)
    start(server, call)
    server.do(caller.protocol.pause_writing)

    async def send() -> None:
        await call.send({"type": "http.response.body", "body": b"abc", "more_body": True})

    sending = server.do(lambda: server.loop.create_task(send()))
    assert (sending.done(), caller.read()) == (False, b"")
    server.do(caller.protocol.resume_writing)
    assert sending.done()
    assert caller.read().endswith(b"3\r\nabc\r\n")


# -- receiving --------------------------------------------------------------------------------------------------------


def test_a_request_without_a_body_has_an_empty_one(server: ServerHarness) -> None:
    _, call = ask(server)
    assert server.run(call.receive()) == {"type": "http.request", "body": b"", "more_body": False}


def test_receiving_waits_for_the_body(server: ServerHarness) -> None:
    caller, call = ask(server, POST)
    receiving = server.do(lambda: server.loop.create_task(_receive(call)))
    assert not receiving.done()
    caller.send(b"ab")
    assert receiving.result() == {"type": "http.request", "body": b"ab", "more_body": True}


def test_receiving_after_the_body_waits_for_the_end_of_the_exchange(server: ServerHarness) -> None:
    _, call = ask(server)
    server.run(call.receive())
    receiving = server.do(lambda: server.loop.create_task(_receive(call)))
    assert not receiving.done()
    server.respond(call)
    assert receiving.result() == {"type": "http.disconnect"}


async def _receive(call: Call) -> Any:
    return await call.receive()


def test_100_continue_is_sent_when_the_body_is_wanted(server: ServerHarness) -> None:
    expecting = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    caller, call = ask(server, expecting)
    assert caller.read() == b""
    server.do(lambda: server.loop.create_task(_receive(call)))
    assert caller.read() == b"HTTP/1.1 100 Continue\r\n\r\n"
    caller.send(b"abcd")
    server.respond(call)
    assert caller.read().startswith(b"HTTP/1.1 200 OK\r\n")


def test_100_continue_is_not_sent_behind_a_response(server: ServerHarness) -> None:
    caller, call = ask(server, POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    server.respond(call)
    assert server.run(call.receive()) == {"type": "http.disconnect"}
    assert caller.read().count(b"HTTP/1.1") == 1
    assert caller.events == ["write_eof"]


# -- breaking off -----------------------------------------------------------------------------------------------------


def test_a_response_that_does_not_end_is_never_taken_for_whole(server: ServerHarness) -> None:
    caller, call = ask(server)
    start(server, call, LENGTH_4)
    body(server, call, b"ab", more=True)
    call.end()
    server.run_ready()
    assert caller.events == ["abort"]
