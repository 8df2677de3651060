"""Reloads that a supervisor starts and finishes."""

from __future__ import annotations

import gc
import logging
from functools import partial
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.workers.control_channel import ControlChannel, ControlMessage
from naftiko_runtime.workers.reload_coordinator import ReloadCoordinator
from naftiko_runtime.workers.signal_pipe import SignalPipe
from naftiko_runtime.workers.worker_handle import WorkerHandle
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLD = [ServedCapability(link_plan(make_document()), {}, partial(SandboxTransport, {}))]
NEW = [ServedCapability(link_plan(make_document()), {}, partial(SandboxTransport, {}))]


class Program:
    """A coordinator with one worker."""

    def __init__(self) -> None:
        self.loaded: Sequence[ServedCapability] | Exception = NEW
        self.counted: list[str] = []
        self.signals = SignalPipe()
        self.reloads = ReloadCoordinator(OLD, self._load, self.signals, self.counted.append)
        channel, self.worker = ControlChannel.open_pair()
        self.workers = {0: WorkerHandle(0, 1, channel, 0.0, float("inf"), ready=True)}

    def _load(self) -> Sequence[ServedCapability]:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded

    def reload(self) -> None:
        self.reloads.request()
        with self.signals.install():
            self.reloads.advance(self.workers)

    def receive(self) -> str:
        message = self.worker.receive()
        assert message is not None
        return message.kind

    def close(self) -> None:
        gc.unfreeze()
        self.signals.close()
        self.worker.close()
        self.workers[0].channel.close()


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.close()


def test_what_all_workers_have_prepared_and_committed_is_served(program: Program) -> None:
    program.reload()
    assert (program.receive(), program.reloads.deadline_seconds is None) == ("prepare", False)
    program.reloads.on_message(0, ControlMessage("prepared", {"reload": 1}, None))
    assert program.receive() == "commit"
    program.reloads.on_message(0, ControlMessage("committed", {"reload": 1, "in_progress": 0}, None))
    program.reloads.advance(program.workers)
    assert (program.counted, program.reloads.deadline_seconds) == (["reloaded"], None)
    assert program.reloads.capabilities is NEW


def test_a_reload_waits_until_no_worker_is_starting(program: Program) -> None:
    program.workers[0].ready = False
    program.reload()
    assert program.reloads.deadline_seconds is None
    program.workers[0].ready = True
    with program.signals.install():
        program.reloads.advance(program.workers)
    assert program.receive() == "prepare"


@pytest.mark.parametrize(
    "fault",
    [
        BindError(["no such key"]),
        ZeroDivisionError(),
        [
            ServedCapability(
                link_plan(make_document(exposes=[make_rest_expose(port=8081)])), {}, partial(SandboxTransport, {})
            )
        ],
        [ServedCapability(link_plan(make_document()), {}, lambda: SandboxTransport({}))],
    ],
    ids=["documents", "internal", "ports", "not picklable"],
)
def test_a_fault_refuses_a_reload_and_ends_nothing(
    program: Program, caplog: pytest.LogCaptureFixture, fault: Sequence[ServedCapability] | Exception
) -> None:
    program.loaded = fault
    with caplog.at_level(logging.ERROR):
        program.reload()
    assert [record.message for record in caplog.records] == ["not reloaded"]
    assert (program.counted, program.reloads.deadline_seconds) == (["failed"], None)
    assert program.reloads.capabilities is OLD
