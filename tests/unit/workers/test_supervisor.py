"""The supervisor, with workers that a test controls."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.server.open_ports import Ports
from naftiko_runtime.server.settings import ServerSettings
from naftiko_runtime.workers import supervisor
from naftiko_runtime.workers.control_channel import ControlChannel
from naftiko_runtime.workers.supervisor import Supervisor
from naftiko_runtime.workers.worker import WorkerHooks
from naftiko_runtime.workers.worker_handle import WorkerError
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAN = link_plan(make_document(exposes=[make_rest_expose(port=0)]))
CAPABILITIES = [ServedCapability(PLAN, {}, partial(SandboxTransport, {}))]


class Harness:
    """Processes in the place of workers, in the order in which they are started, and their ends of the channels."""

    def __init__(self, workers: int) -> None:
        self.pids: list[int] = []
        self.ends: list[ControlChannel] = []
        self.commands = ["sleep 20"]
        """What the processes run; the last one is that of all later ones."""
        self.on_fork: Callable[[int], None] = lambda _: None
        self.on_send: Callable[[int, str], None] = lambda *_: None
        self._supervisors: list[ControlChannel] = []
        settings = ServerSettings(workers=workers)
        self._ports = Ports.open(CAPABILITIES, settings)
        hooks = WorkerHooks(lambda _: None, lambda _: None)
        self._supervisor = Supervisor(CAPABILITIES, settings, self._ports, lambda: CAPABILITIES, hooks)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        make, send = ControlChannel.open_pair, ControlChannel.send

        def pair() -> tuple[ControlChannel, ControlChannel]:
            ours, theirs = make()
            self._supervisors.append(ours)
            self.ends.append(ControlChannel(socket.socket(fileno=os.dup(theirs.fileno()))))
            return ours, theirs

        def observe(channel: ControlChannel, kind: str, **fields: object) -> object:
            if channel in self._supervisors:
                self.on_send(self._supervisors.index(channel), kind)
            return send(channel, kind, **fields)  # type: ignore[arg-type]

        monkeypatch.setattr(ControlChannel, "open_pair", pair)
        monkeypatch.setattr(ControlChannel, "send", observe)
        monkeypatch.setattr(supervisor, "fork_worker", self._fork)

    def _fork(self, _start: object) -> int:
        number = len(self.pids)
        command = self.commands[min(number, len(self.commands) - 1)]
        self.pids.append(os.posix_spawn("/bin/sh", ["sh", "-c", f"exec {command}"], {}))
        self.on_fork(number)
        return self.pids[-1]

    def run(self, on_start: Callable[[], None] = lambda: None) -> int:
        return self._supervisor.run(on_start)

    def end(self, number: int) -> None:
        with suppress(BlockingIOError):
            while self.ends[number].receive():  # or the supervisor reads an error before the last messages
                pass
        self.ends[number].close()
        os.kill(self.pids[number], signal.SIGKILL)

    def close(self) -> None:
        gc.unfreeze()
        self._ports.close()
        for end in self.ends:
            end.close()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Harness]]:
    harnesses: list[Harness] = []

    def start(workers: int) -> Harness:
        harnesses.append(Harness(workers))
        harnesses[0].install(monkeypatch)
        return harnesses[0]

    yield start
    for harness in harnesses:
        harness.close()


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_what_workers_cut_off_is_added_up(start: Callable[[int], Harness]) -> None:
    harness = start(2)

    def get_ready(number: int) -> None:
        harness.ends[number].send("ready")

    def drain(number: int, kind: str) -> None:
        assert kind == "drain"
        harness.ends[number].send("stopped", cut_off=number + 1)
        harness.end(number)

    harness.on_fork, harness.on_send = get_ready, drain
    assert harness.run(terminate) == 3


def test_a_process_that_goes_on_without_its_channel_is_killed(
    start: Callable[[int], Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WORKER_END_SECONDS", 0.1)
    harness = start(1)
    harness.on_fork = lambda number: harness.ends[number].close()
    with pytest.raises(WorkerError, match="worker 1 was ended by SIGKILL before it could serve"):
        harness.run()


def test_a_process_may_end_later_than_its_channel(
    start: Callable[[int], Harness], caplog: pytest.LogCaptureFixture
) -> None:
    harness = start(1)
    harness.commands = ["sleep 0.2"]
    harness.on_fork = lambda number: harness.ends[number].close()
    with caplog.at_level(logging.ERROR), pytest.raises(WorkerError, match="worker 1 ended with status 0"):
        harness.run()
    assert caplog.records == []


def test_a_worker_may_get_ready_when_who_stood_in_for_it_has_drained(
    start: Callable[[int], Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = start(2)
    sent: list[tuple[int, str]] = []
    wait = os.waitpid

    def on_fork(number: int) -> None:
        if number < 2:
            harness.ends[number].send("ready")
        else:  # the successor of the first worker
            terminate()

    def on_send(number: int, kind: str) -> None:
        sent.append((number, kind))
        if (number, kind) == (1, "drain"):
            harness.end(1)

    def waitpid(pid: int, options: int) -> tuple[int, int]:
        ended = wait(pid, options)
        if ended[0] == harness.pids[1]:
            harness.ends[2].send("ready")
            harness.ends[2].send("stopped", cut_off=4)
            harness.end(2)
        return ended

    harness.on_fork, harness.on_send = on_fork, on_send
    monkeypatch.setattr("os.waitpid", waitpid)
    assert harness.run(lambda: harness.end(0)) == 1 + 4  # what the one that was killed cut off is not known
    assert sent == [(1, "adopt"), (1, "drain"), (2, "drain")]
