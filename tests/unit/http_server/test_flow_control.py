"""Flow control of a connection in both directions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.http_server.flow_control import FlowControl
from support.http_connections import FakeTransport

if TYPE_CHECKING:
    from support.http_connections import ServerHarness

STALL = 30.0


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


def test_reading_is_paused_and_resumed_once(transport: FakeTransport) -> None:
    flow = FlowControl(transport, STALL)
    flow.resume_reading()
    flow.pause_reading()
    flow.pause_reading()
    assert flow.read_paused
    flow.resume_reading()
    flow.resume_reading()
    assert (transport.events, flow.read_paused) == (["pause", "resume"], False)


def test_the_application_waits_until_its_caller_has_read_on(server: ServerHarness, transport: FakeTransport) -> None:
    flow = FlowControl(transport, STALL)
    server.run(flow.drain())  # nothing to wait for

    async def write() -> list[bool]:
        flow.pause_writing()
        waiting = [asyncio.ensure_future(flow.drain()) for _ in range(2)]
        await asyncio.sleep(0)
        before = [task.done() for task in waiting]
        flow.resume_writing()
        await asyncio.gather(*waiting)
        return [*before, flow.write_paused]

    assert server.run(write()) == [False, False, False]


def test_who_is_cancelled_while_waiting_leaves_the_others_waiting(
    server: ServerHarness, transport: FakeTransport
) -> None:
    flow = FlowControl(transport, STALL)

    async def write() -> tuple[bool, bool]:
        flow.pause_writing()
        one, other = (asyncio.ensure_future(flow.drain()) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        await asyncio.wait([one])
        waits = not other.done()
        flow.resume_writing()
        await other
        return one.cancelled(), waits

    assert server.run(write()) == (True, True)


@pytest.mark.parametrize(
    ("unsent", "given_up"),
    [
        ([0, 0, 0], False),
        ([10, 10, 10], True),
        ([10, 9, 9], False),  # some was read
        ([10, 0, 10], False),
        ([10, 20, 30], True),  # only more was written
    ],
)
def test_a_caller_is_given_up_when_it_reads_nothing_for_too_long(
    transport: FakeTransport, unsent: list[int], *, given_up: bool
) -> None:
    flow = FlowControl(transport, STALL)
    for index, size in enumerate(unsent):
        transport.unsent_bytes = size
        flow.check_stall(100 + index * (STALL * 0.6))
    assert transport.events == (["abort"] if given_up else [])


def test_a_caller_that_makes_room_begins_anew(transport: FakeTransport) -> None:
    flow = FlowControl(transport, STALL)
    transport.unsent_bytes = 10
    flow.check_stall(100)
    flow.resume_writing()  # as much was read as was written meanwhile
    flow.check_stall(100 + STALL + 1)
    assert transport.events == []
