"""The requests of one connection."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_server.pipeline import Pipeline
from support.http_connections import ServerHarness

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Receive, Scope, Send

OWN: ContextVar[str] = ContextVar("own", default="none")


class FakeExchange:
    """A request, as far as a pipeline knows it."""

    def __init__(self, path: bytes = b"/") -> None:
        self.scope = {"raw_path": path, "method": "GET", "path": path.decode()}
        self.response_complete = False
        self.disconnected = False
        self.status = 0
        self.notified = 0
        self.sent: list[Any] = []

    def notify(self) -> None:
        self.notified += 1

    def break_off(self) -> None:
        self.sent.append("broken off")

    async def receive(self) -> None:
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.sent.append(message["type"])


def pipeline(server: ServerHarness) -> Any:
    return Pipeline(server.state, server.loop)


def test_the_first_request_runs_and_others_wait(server: ServerHarness) -> None:
    line, first, second = pipeline(server), FakeExchange(b"/1"), FakeExchange(b"/2")
    assert line.is_idle()
    assert [server.do(partial(line.add, each)) for each in (first, second)] == [False, True]
    assert (line.current, line.last, line.has_waiting(), line.is_idle()) == (first, second, True, False)
    assert [call.scope["path"] for call in server.calls] == ["/1"]
    first.response_complete = True
    assert server.do(line.start_next)
    assert (line.current, line.has_waiting()) == (second, False)
    assert [call.scope["path"] for call in server.calls] == ["/1", "/2"]
    second.response_complete = True
    assert not server.do(line.start_next)
    assert line.is_idle()


def test_only_so_many_wait(server: ServerHarness) -> None:
    line = pipeline(server)
    for _ in range(limits.REQUESTS_WAITING_MAX):
        server.do(lambda: line.add(FakeExchange()))
        assert not line.is_full()
    server.do(lambda: line.add(FakeExchange()))
    assert line.is_full()


def test_what_waits_can_be_dropped(server: ServerHarness) -> None:
    line = pipeline(server)
    for _ in range(3):
        server.do(lambda: line.add(FakeExchange()))
    line.drop_waiting()
    assert (line.has_waiting(), server.do(line.start_next), len(server.calls)) == (False, False, 1)


def test_cancelling_ends_what_runs_and_drops_the_rest(server: ServerHarness) -> None:
    line, first, second = pipeline(server), FakeExchange(), FakeExchange()
    for each in (first, second):
        server.do(partial(line.add, each))
    server.do(line.cancel)
    assert ([call.cancelled for call in server.calls], first.disconnected, first.notified) == ([True], True, 1)
    assert (line.current, line.last, line.is_idle(), line.has_waiting()) == (None, None, True, False)
    assert (second.disconnected, server.state.tasks) == (False, set())


def test_what_runs_on_behind_a_complete_response_is_not_cancelled(server: ServerHarness) -> None:
    line, first = pipeline(server), FakeExchange()
    server.do(lambda: line.add(first))
    first.response_complete = True
    server.do(line.cancel)
    assert ([call.cancelled for call in server.calls], first.notified, len(server.state.tasks)) == ([False], 0, 1)


def test_the_server_handles_options_by_itself(server: ServerHarness) -> None:
    line, asked = pipeline(server), FakeExchange(b"*")
    server.do(lambda: line.add(asked))
    assert (server.calls, asked.sent[:2]) == ([], ["http.response.start", "http.response.body"])


def test_every_request_begins_in_the_context_of_its_listener() -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(OWN.get())
        OWN.set("changed by a request")

    seen: list[str] = []
    OWN.set("before the listener")
    server = ServerHarness(app)
    line = pipeline(server)

    def add(asked: FakeExchange) -> None:
        OWN.set("another request's")
        line.add(asked)

    for _ in range(2):
        asked = FakeExchange()
        server.do(partial(add, asked))
        asked.response_complete = True
    assert seen == ["before the listener"] * 2
    server.close()


@pytest.fixture(autouse=True)
def _own_context() -> Any:
    token = OWN.set("none")
    yield
    OWN.reset(token)
