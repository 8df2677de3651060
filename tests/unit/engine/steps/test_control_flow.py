"""Control flow: what replaces a failed step, and what does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.steps.control_flow import BoundControl
from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
from naftiko_runtime.errors import StepError
from naftiko_runtime.plan import Argument, Constant, FallbackValue, StepControl, StepLoop

if TYPE_CHECKING:
    from naftiko_runtime.engine.exchange import Exchange


class FailedStep:
    name = "failed"
    target = ""

    async def run(self, run: WorkflowRun) -> None:
        assert run.exchange is not None
        raise StepError("failed", "", "it takes too long", status=504)


class TimedExchange:
    def __init__(self, remaining: float) -> None:
        self._remaining = remaining

    def compute_remaining(self) -> float:
        return self._remaining


FALLBACK = StepControl(fallback=FallbackValue(Constant("replaced"), ()))
CONTINUES = StepControl(continues=True)
SKIPS = StepControl(loop=StepLoop(Argument("list"), (), 1, "skip"))


@pytest.mark.parametrize(
    ("control", "output"),
    [(FALLBACK, "replaced"), (CONTINUES, None), (SKIPS, [])],
    ids=["fallback", "continue", "skip"],
)
def test_nothing_replaces_a_step_that_fails_after_the_deadline(control: StepControl, output: object) -> None:
    def run_with(remaining: float) -> object:
        exchange: Exchange = TimedExchange(remaining)  # type: ignore[assignment]
        run = WorkflowRun(Invocation(values={"list": [1]}), exchange)
        asyncio.run(BoundControl("operation", FailedStep(), control, {}, None).run(run))
        return run.outputs["failed"]

    assert run_with(0.1) == output
    with pytest.raises(StepError, match="it takes too long"):
        run_with(0.0)


def test_the_log_names_the_item_that_a_fallback_replaces(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    control = StepControl(loop=StepLoop(Argument("list")), fallback=FallbackValue(Constant("replaced"), ()))
    exchange: Exchange = TimedExchange(1.0)  # type: ignore[assignment]
    run = WorkflowRun(Invocation(values={"list": [1, 2]}), exchange)
    asyncio.run(BoundControl("operation", FailedStep(), control, {}, None).run(run))
    assert run.outputs["failed"] == ["replaced", "replaced"]
    assert [record.reason for record in caplog.records] == [  # type: ignore[attr-defined]
        f"step 'failed' failed at item {index}: it takes too long" for index in (0, 1)
    ]
