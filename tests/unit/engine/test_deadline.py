from __future__ import annotations

import asyncio

import pytest

from naftiko_runtime.engine.deadline import Deadlines


async def within(deadlines: Deadlines, work: asyncio.Future[str]) -> str:
    deadline = deadlines.begin()
    try:
        return await work
    except BaseException as error:
        deadlines.end(deadline)
        if deadline.explains(type(error)):
            return "struck"
        raise
    finally:
        deadlines.end(deadline)


async def never() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_what_is_in_time_is_left_alone() -> None:
    deadlines = Deadlines(30)

    async def quick() -> str:
        return "done"

    assert await within(deadlines, asyncio.ensure_future(quick())) == "done"


async def test_each_call_has_its_own_time_and_one_timer_serves_all() -> None:
    deadlines = Deadlines(0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(after: float) -> float:
        await asyncio.sleep(after)
        start = loop.time()
        assert await within(deadlines, asyncio.ensure_future(never())) == "struck"
        return loop.time() - start

    took = await asyncio.gather(*(one(after) for after in (0, 0.01, 0.02, 0.03)))
    assert all(seconds >= 0.049 for seconds in took)
    assert loop.time() - began >= 0.079


async def test_a_cancellation_from_outside_is_not_a_timeout() -> None:
    deadlines = Deadlines(30)
    task = asyncio.create_task(within(deadlines, asyncio.ensure_future(never())))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_goes_on_after_its_deadline() -> None:
    deadlines = Deadlines(0.01)

    async def twice() -> list[str]:
        return [await within(deadlines, asyncio.ensure_future(never())) for _ in range(2)]

    task = asyncio.create_task(twice())
    assert await task == ["struck", "struck"]
    assert task.cancelling() == 0


async def test_a_deadline_that_is_renewed_begins_anew_and_one_that_is_suspended_waits() -> None:
    deadlines = Deadlines(0.2)
    loop = asyncio.get_running_loop()
    deadline = deadlines.begin()
    for _ in range(4):
        await asyncio.sleep(0.01)
        deadlines.renew(deadline)
    deadlines.suspend(deadline)
    await asyncio.sleep(0.5)
    assert not deadline.expired
    deadlines.renew(deadline)
    began = loop.time()
    with pytest.raises(asyncio.CancelledError):
        await never()
    assert loop.time() - began > 0.19
    assert deadline.explains(asyncio.CancelledError)
    deadlines.renew(deadline)
    await asyncio.sleep(0.3)  # it is over: nothing strikes again


async def test_the_total_strikes_whatever_is_renewed_or_suspended() -> None:
    total = Deadlines(0.3)
    deadlines = Deadlines(0.2, total)
    deadline = deadlines.begin()
    deadlines.suspend(deadline)
    with pytest.raises(asyncio.CancelledError):
        await never()
    assert deadline.explains(asyncio.CancelledError)
    assert deadline.seconds == 0.3
    assert deadlines.compute_remaining(deadline) == 0
    deadlines.end(deadline)


async def test_a_call_that_ends_leaves_its_total_too() -> None:
    total = Deadlines(0.1)
    deadlines = Deadlines(30, total)
    deadlines.end(deadlines.begin())
    await asyncio.sleep(0.2)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_call_knows_what_it_has_left() -> None:
    for deadlines in (Deadlines(30), Deadlines(60, total=Deadlines(30))):
        deadline = deadlines.begin()
        assert 29 < deadlines.compute_remaining(deadline) <= 30
        deadlines.end(deadline)
