"""The timer of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.http_server.timer import Timer

if TYPE_CHECKING:
    from support.http_connections import ServerHarness

GRACE = 0.05


def test_it_calls_back_once(server: ServerHarness) -> None:
    timer, calls = Timer(server.loop, GRACE), list[str]()
    timer.start(5, lambda: calls.append("first"))
    server.advance(4.9)
    assert (calls, timer.handle is None) == ([], False)
    server.advance(100)
    assert (calls, timer.handle) == (["first"], None)


@pytest.mark.parametrize("lenient", [False, True])
def test_it_does_not_call_back_once_stopped(server: ServerHarness, *, lenient: bool) -> None:
    timer, calls = Timer(server.loop, GRACE), list[str]()
    (timer.start_lenient if lenient else timer.start)(5, lambda: calls.append("first"))
    timer.stop()
    timer.stop()
    server.advance(100)
    assert (calls, timer.handle) == ([], None)


def test_starting_it_again_replaces_the_first_call(server: ServerHarness) -> None:
    timer, calls = Timer(server.loop, GRACE), list[str]()
    timer.start(5, lambda: calls.append("first"))
    timer.start_lenient(10, lambda: calls.append("second"))
    server.advance(10 + GRACE)
    assert calls == ["second"]


def test_what_arrived_in_time_is_read_before_a_lenient_timer_ends(server: ServerHarness) -> None:
    timer, calls = Timer(server.loop, GRACE), list[str]()
    timer.start_lenient(5, lambda: calls.append("late"))
    server.advance(5)
    assert (calls, timer.handle is None) == ([], False)
    timer.stop()  # as what has arrived by now does
    server.advance(100)
    assert calls == []
