"""What steps read of a run: beside the event loop if the run holds much."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
from naftiko_runtime.limits import DECODED_INLINE_BYTES_MAX

if TYPE_CHECKING:
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.invocation import Invocation


@pytest.mark.parametrize(("size", "beside"), [(DECODED_INLINE_BYTES_MAX, False), (DECODED_INLINE_BYTES_MAX + 1, True)])
async def test_large_outputs_are_read_beside_the_event_loop(size: int, beside: bool) -> None:
    run = WorkflowRun(cast("Invocation", None), cast("Exchange", None), outputs={"ship": {"name": "Aurora"}})
    run.bodies.add(size)

    def read(given: WorkflowRun) -> tuple[Any, bool]:
        return given.outputs["ship"], threading.current_thread() is not threading.main_thread()

    assert await run.read(read) == ({"name": "Aurora"}, beside)
