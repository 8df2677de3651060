"""The status that workers share: whether all of them are ready and alive."""

from __future__ import annotations

from naftiko_runtime.workers.shared_status import SharedStatus, WorkerStatus


def test_readiness_is_that_of_all() -> None:
    status = SharedStatus(2)
    first, second = WorkerStatus(status, 0), WorkerStatus(status, 1)
    first.set()
    assert not status.is_ready()
    second.set()
    assert status.is_ready()
    assert status.is_live()
    first.clear()
    assert not status.is_ready()
    first.set()
    status.set_stopping()
    assert not status.is_ready()
    assert status.is_live()


def test_a_worker_that_does_not_run_is_not_alive() -> None:
    status = SharedStatus(2)
    WorkerStatus(status, 0).set()
    status.set_ready(1, ready=True)  # and has never given a sign
    assert not status.is_live()
    status.record_heartbeat(1)
    assert status.is_live()
