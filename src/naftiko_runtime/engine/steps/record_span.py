"""Records the span of a step, if its request is recorded."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from naftiko_runtime.errors import Rejected, StepError
from naftiko_runtime.telemetry.tracing import CURRENT

if TYPE_CHECKING:
    from naftiko_runtime.engine.steps.workflow_run import BoundStep, WorkflowRun
    from naftiko_runtime.telemetry.tracing import RequestTrace


async def run_step(step: BoundStep, run: WorkflowRun) -> None:
    """Run a step; see :class:`naftiko_runtime.engine.steps.workflow_run.BoundStep`.

    The spans of its calls are below its own span.
    """
    if (trace := CURRENT.get()) is None or trace.ignored:
        await step.run(run)
    else:
        await _record_step(step, run, trace)


async def _record_step(step: BoundStep, run: WorkflowRun, trace: RequestTrace) -> None:
    name, attributes = f"step {step.name}", {"naftiko.step": step.name}
    if step.target:
        attributes["naftiko.operation"] = step.target
    recorded = trace.start_step(name, attributes, perf_counter())
    token, error_type = CURRENT.set(recorded), ""
    try:
        await step.run(run)
    except BaseException as error:
        error_type = _describe_error(error)
        raise
    finally:
        CURRENT.reset(token)
        recorded.end_step(name, error_type, perf_counter())


def _describe_error(error: BaseException) -> str:
    """The ``error.type``: the status of the step, or the reason without a status."""
    match error:
        case StepError():
            return str(error.status)
        case asyncio.CancelledError():
            return "cancelled"
        case Rejected():
            return "invalid_input"
    return type(error).__name__
