"""A worker, in this process, under the control of a test."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.authentication.nonce_cache import NonceCache
from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.server.open_ports import Ports
from naftiko_runtime.server.program_metrics import ProgramMetrics
from naftiko_runtime.server.settings import ServerSettings
from naftiko_runtime.workers.control_channel import ControlChannel, ControlMessage
from naftiko_runtime.workers.shared_status import SharedStatus
from naftiko_runtime.workers.worker import SharedState, WorkerContext, run_worker
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PLAN = link_plan(make_document(exposes=[make_rest_expose(port=0)]))
CAPABILITIES = [ServedCapability(PLAN, {}, partial(SandboxTransport, {}))]
SETTINGS = ServerSettings(workers=2)
SECONDS = 10


class Running:
    """A worker that is ready, one of two."""

    def __init__(self) -> None:
        self.ports = Ports.open(CAPABILITIES, SETTINGS)
        self.channel, self._workers_end = ControlChannel.open_pair()
        self.status = SharedStatus(2)
        shared = SharedState(self.status, ProgramMetrics(SETTINGS), NonceCache())
        context = WorkerContext(0, self.ports, shared, self._workers_end)
        self.task = asyncio.create_task(run_worker(context, CAPABILITIES, SETTINGS, lambda _: None))

    async def receive(self) -> ControlMessage:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    message = self.channel.receive()
                except BlockingIOError:
                    await asyncio.sleep(0.01)
                    continue
                assert message is not None
                return message

    def adopt(self) -> None:
        """Let it accept from the other worker's socket."""
        (listening,) = self.ports.sets[1].values()
        self.channel.send("adopt", file=listening.fileno(), worker=1, listener=0)

    async def close(self) -> None:
        self.channel.send("force")
        await self.task
        with ExitStack() as stack:
            for end in (self.ports, self.channel, self._workers_end):
                stack.callback(end.close)


@pytest.fixture
async def worker() -> AsyncIterator[Running]:
    running = Running()
    assert (await running.receive()).kind == "ready"
    yield running
    await running.close()


def count_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def wait_for_files(number: int) -> None:
    async with asyncio.timeout(SECONDS):
        while count_files() != number:  # noqa: ASYNC110 - nothing tells of a closed file
            await asyncio.sleep(0.01)


async def test_a_worker_drains_on_a_drain_message(worker: Running) -> None:
    worker.channel.send("drain")
    message = await worker.receive()
    assert (message.kind, message.fields) == ("stopped", {"cut_off": 0})


async def test_a_socket_is_released_however_soon_after_it_was_adopted(worker: Running) -> None:
    before = count_files()
    worker.adopt()
    await wait_for_files(before + 1)
    worker.channel.send("release", worker=1, listener=0)
    await wait_for_files(before)
    worker.adopt()
    worker.channel.send("release", worker=1, listener=0)
    worker.channel.send("commit", reload=1)
    assert (await worker.receive()).fields == {"reload": 1, "in_progress": 0}  # it has read what was sent before
    await wait_for_files(before)


async def test_a_plan_that_did_not_arrive_is_refused(worker: Running) -> None:
    worker.channel.send("prepare", reload=1)
    message = await worker.receive()
    assert (message.kind, message.fields["reload"]) == ("not-prepared", 1)
