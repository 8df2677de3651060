"""Runs the control flow around a step of any kind. ADR 28 explains it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from naftiko_runtime.engine.evaluate import compile_tree
from naftiko_runtime.engine.steps.run import compile_references
from naftiko_runtime.errors import StepError
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, compile_condition, run_bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.engine.steps.run import BoundStep, WorkflowRun
    from naftiko_runtime.plan import StepControl, When
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)


class BoundControl:
    """A step with its control flow.

    Attributes:
        name: The name of the step.
        target: The consumed operation that it calls; empty if it calls none.
    """

    __slots__ = ("_continues", "_holds", "_operation", "_step", "name", "target")

    def __init__(self, operation: str, step: BoundStep, plan: StepControl, secrets: Mapping[str, Secret]) -> None:
        """Compile the control flow of a step.

        Args:
            operation: The exposed operation, for logs.
            step: The compiled step.
            plan: Its control flow.
            secrets: Bound variables by full name.
        """
        self.name, self.target = step.name, step.target
        self._operation, self._step = operation, step
        self._continues = plan.continues
        self._holds = None if plan.when is None else _compile_when(step.name, plan.when, secrets)

    async def run(self, run: WorkflowRun) -> None:
        """Run the step, or skip it; see :class:`naftiko_runtime.engine.steps.run.BoundStep`."""
        try:
            if self._holds is not None and not self._holds(run):
                run.outputs[self.name] = None
                return
            await self._step.run(run)
        except StepError as error:
            if not self._continues:
                raise
            self._ignore(error, run)

    def _ignore(self, error: StepError, run: WorkflowRun) -> None:
        run.outputs[self.name] = None
        run.statuses.pop(self.name, None)
        extra = {"operation": self._operation, "step": self.name, "reason": str(error)}
        log.info("run continues after a failed step", extra=extra | {"request_id": error.request_id})


def _compile_when(step: str, plan: When, secrets: Mapping[str, Secret]) -> Callable[[WorkflowRun], bool]:
    """From a run to whether a condition holds.

    Its work is limited, as it may search the outputs; the limit fails the step.
    """
    condition = compile_condition(plan.text)
    read_values = compile_references(step, plan.references)
    evaluate = compile_tree(plan.values, secrets)

    def holds(run: WorkflowRun) -> bool:
        values = evaluate(read_values(run))
        try:
            return run_bounded(condition.holds, values, run.exchange.compute_remaining)
        except (TooMuchWork, OutOfTime):
            raise StepError(step, "", f"the condition '{plan.text}' takes too long", status=502) from None

    return holds
