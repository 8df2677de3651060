"""When missing workers are started."""

from __future__ import annotations

import pytest

from naftiko_runtime import limits
from naftiko_runtime.workers.restart_schedule import RestartSchedule


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which tests set."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_all_workers_are_due_at_first() -> None:
    schedule = RestartSchedule(3)
    assert (schedule.is_empty, schedule.take_due()) == (False, [0, 1, 2])
    assert (schedule.is_empty, schedule.take_due(), schedule.next_seconds) == (True, [], float("inf"))


def test_each_failure_doubles_the_pause_of_its_worker(clock: list[float]) -> None:
    schedule = RestartSchedule(2)
    schedule.take_due()
    pauses = [schedule.add(0) for _ in range(40)]
    first, most = limits.WORKER_PAUSE_SECONDS, limits.WORKER_PAUSE_SECONDS_MAX
    assert (pauses[:3], pauses[-1]) == ([first, 2 * first, 4 * first], most)
    assert schedule.add(1) == first
    assert schedule.next_seconds == clock[0] + first
    clock[0] += first
    assert schedule.take_due() == [1]
    clock[0] += most
    assert schedule.take_due() == [0]


def test_a_worker_that_was_stable_is_due_at_once() -> None:
    schedule = RestartSchedule(1)
    schedule.take_due()
    schedule.add(0)
    assert schedule.add(0, was_stable=True) == 0
    assert schedule.take_due() == [0]
    assert schedule.add(0) == limits.WORKER_PAUSE_SECONDS


def test_none_is_started_any_more() -> None:
    schedule = RestartSchedule(2)
    schedule.clear()
    assert (schedule.is_empty, schedule.take_due()) == (True, [])
