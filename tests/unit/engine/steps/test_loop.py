"""Loops: whatever the timing, what runs together has the outcome of what runs one by one."""

from __future__ import annotations

import asyncio

from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.engine.steps.loop import run_together

ITEMS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12)
"""How many turns of the event loop each item takes, and whether it fails then."""


@given(ITEMS, st.integers(2, 5))
@example([(5, True), (0, True), (1, False)], 3)
def test_items_that_run_together_end_as_those_that_run_one_by_one(items: list[tuple[int, bool]], most: int) -> None:
    running: set[int] = set()
    complete: set[int] = set()
    widest = 0

    async def run_item(index: int) -> None:
        nonlocal widest
        running.add(index)
        widest = max(widest, len(running))
        try:
            turns, fails = items[index]
            for _ in range(turns):
                await asyncio.sleep(0)
            if fails:
                raise LookupError(index)
            complete.add(index)
        finally:
            running.remove(index)

    async def run() -> int | None:
        try:
            await run_together(len(items), run_item, most)
        except LookupError as error:
            return int(error.args[0])
        return None

    first = next((index for index, (_, fails) in enumerate(items) if fails), None)
    assert asyncio.run(run()) == first
    assert complete >= set(range(len(items) if first is None else first))
    assert not running
    assert widest <= most
