"""Running the application, and its errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.http_connections import ServerHarness

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def test_an_unexpected_error_is_logged_and_its_caller_gets_the_incident(
    server: ServerHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caller = server.connect().send(GET)
    with caplog.at_level(logging.ERROR):
        server.calls[0].end(ZeroDivisionError("a secret"))
        server.run_ready()
    (record,) = caplog.records
    incident = record.__dict__["incident"]
    assert (record.__dict__["method"], record.__dict__["path"], len(incident)) == ("GET", "/a", 12)
    response = caller.read()
    assert response.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert incident.encode() in response
    assert b"secret" not in response
    assert caller.events == []  # the response is whole: the connection is kept


def test_an_error_behind_the_head_breaks_the_response_off(
    server: ServerHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caller = server.connect().send(GET)
    call = server.calls[0]
    server.run(call.send({"type": "http.response.start", "status": 200, "headers": []}))
    server.run(call.send({"type": "http.response.body", "body": b"ab", "more_body": True}))
    call.end(ZeroDivisionError())
    server.run_ready()
    assert (caller.events, len(caplog.records)) == (["abort"], 1)


def test_an_application_that_sends_nothing_breaks_off(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.calls[0].end()
    server.run_ready()
    assert (caller.read(), caller.events) == (b"", ["abort"])


@pytest.mark.parametrize("failure", [None, ZeroDivisionError()])
def test_what_happens_behind_a_complete_response_leaves_the_connection(
    server: ServerHarness, failure: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    caller = server.connect().send(GET)
    call = server.calls[0]

    async def respond() -> None:
        await call.send({"type": "http.response.start", "status": 204, "headers": []})
        await call.send({"type": "http.response.body", "body": b""})

    server.run(respond())
    call.end(failure)
    server.run_ready()
    assert caller.events == []
    assert caller.read() == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert len(caplog.records) == (failure is not None)


def test_a_request_that_is_cancelled_breaks_off(server: ServerHarness) -> None:
    caller = server.connect().send(GET)
    server.do(lambda: [task.cancel() for task in server.state.tasks])
    assert (caller.events, server.calls[0].cancelled, server.state.tasks) == (["abort"], True, set())
