"""Runs the control flow around a step of any kind. ADR 28 explains it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from naftiko_runtime.engine.compile_terms import ABSENT
from naftiko_runtime.engine.steps.loop import BoundLoop
from naftiko_runtime.engine.steps.workflow_run import compile_value, limit_work
from naftiko_runtime.errors import StepError
from naftiko_runtime.jsonpath import compile_condition
from naftiko_runtime.plan import INDEX, FallbackValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.engine.steps.workflow_run import BoundStep, WorkflowRun
    from naftiko_runtime.plan import StepControl, When
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)


class BoundControl:
    """A step with its control flow.

    Attributes:
        name: The name of the step.
        target: The consumed operation that it calls; empty if it calls none.
    """

    __slots__ = ("_continues", "_fallback", "_holds", "_loop", "_operation", "_step", "name", "target")

    def __init__(
        self,
        operation: str,
        step: BoundStep,
        plan: StepControl,
        secrets: Mapping[str, Secret],
        fallback: BoundStep | None,
    ) -> None:
        """Compile the control flow of a step.

        Args:
            operation: The exposed operation, for logs.
            step: The compiled step.
            plan: Its control flow.
            secrets: Bound variables by full name.
            fallback: The compiled call that replaces the step if it fails; None without one.
        """
        self.name, self.target = step.name, step.target
        self._operation, self._step = operation, step
        self._continues = plan.continues
        self._loop = None if plan.loop is None else BoundLoop(operation, step.name, plan.loop, secrets)
        self._fallback = fallback
        if isinstance(plan.fallback, FallbackValue):
            self._fallback = _ValueStep(step.name, plan.fallback, secrets)
        self._holds = None if plan.when is None else _compile_when(step.name, plan.when, secrets)

    async def run(self, run: WorkflowRun) -> None:
        """Run the step, or skip it; see :class:`naftiko_runtime.engine.steps.workflow_run.BoundStep`."""
        try:
            if self._holds is not None and not await run.read(self._holds):
                run.outputs[self.name] = None
                run.skipped.add(self.name)
                return
            if self._loop is None:
                await self._run_once(run)
            else:
                await self._loop.run(run, self._run_once)
        except StepError as error:
            if not self._continues or not run.has_time():
                raise
            self._log("run continues after a failed step", error)
            run.statuses.pop(self.name, None)
            run.outputs[self.name] = None

    async def _run_once(self, run: WorkflowRun) -> None:
        """Run the step, and its fallback if it fails."""
        try:
            await self._step.run(run)
        except StepError as error:
            if self._fallback is None or not run.has_time():
                raise
            located = error if self._loop is None else error.locate_item(run.outputs[INDEX])
            self._log("fallback replaces a failed step", located)
            run.statuses.pop(self.name, None)
            await self._replace(self._fallback, run)

    async def _replace(self, fallback: BoundStep, run: WorkflowRun) -> None:
        """Run the fallback in place of the step."""
        try:
            await fallback.run(run)
        except StepError as error:
            raise error.locate_in_fallback() from None

    def _log(self, event: str, error: StepError) -> None:
        extra = {"operation": self._operation, "step": self.name, "reason": str(error)}
        log.info(event, extra=extra | {"request_id": error.request_id})


class _ValueStep:
    """A fallback that is a value."""

    __slots__ = ("_read_value", "name", "target")

    def __init__(self, step: str, plan: FallbackValue, secrets: Mapping[str, Secret]) -> None:
        self.name, self.target = step, ""
        self._read_value = compile_value(step, plan.tree, plan.references, secrets)

    async def run(self, run: WorkflowRun) -> None:
        value = await run.read(self._read_value)
        run.outputs[self.name] = None if value is ABSENT else value


def _compile_when(step: str, plan: When, secrets: Mapping[str, Secret]) -> Callable[[WorkflowRun], bool]:
    """From a run to whether a condition holds.

    Its work is limited, as it may search the outputs; the limit fails the step.
    """
    condition = compile_condition(plan.text)
    read_values = compile_value(step, plan.values, plan.references, secrets)

    def holds(run: WorkflowRun) -> bool:
        values = read_values(run)
        return limit_work(step, f"the condition '{plan.text}'", condition.holds, values, run)

    return holds
