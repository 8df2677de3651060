"""Runs script steps."""

from __future__ import annotations

import logging
from base64 import b64encode
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from naftiko_runtime.engine.steps.workflow_run import compile_value
from naftiko_runtime.errors import StepError
from naftiko_runtime.file_value import File, Unrenderable
from naftiko_runtime.scripting.script_program import ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
    from naftiko_runtime.plan import ScriptStep
    from naftiko_runtime.scripting.pool import ScriptPool
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)


class BoundScriptStep:
    """A compiled script step.

    Attributes:
        name: Its name.
        target: Empty, because it calls nothing.
    """

    __slots__ = ("_operation", "_pool", "_read_context", "_step", "name", "target")

    def __init__(
        self, operation: str, step: ScriptStep, pool: ScriptPool | None, secrets: Mapping[str, Secret]
    ) -> None:
        """Compile a step.

        Args:
            operation: The exposed operation, for logs.
            step: The step.
            pool: Runs the script; None if scripts are disabled.
            secrets: Bound variables by full name.
        """
        self.name, self.target = step.name, ""
        self._operation, self._step, self._pool = operation, step, pool
        self._read_context = compile_value(step.name, step.context, step.references, secrets)

    async def run(self, run: WorkflowRun) -> None:
        """Run the script; see :class:`naftiko_runtime.engine.steps.workflow_run.BoundStep`."""
        step = self._step
        if self._pool is None:
            raise self._fail("scripts are disabled here", 501)
        given: Any = await run.read(self._read_context)
        inputs = {name: _make_json(value) for name, value in run.call.values.items()}
        context = {**inputs, **run.outputs, **given}
        try:
            run.outputs[self.name] = await self._pool.run(
                step.program, context, step.limits, is_large=run.bodies.is_large
            )
        except ScriptError as error:
            raise self._fail(str(error), 504 if error.kind == "time-limit" else 500) from None
        except Unrenderable as error:
            raise self._fail(f"the context of the script {step.program.main.name} is not JSON: {error}", 502) from None

    def _fail(self, problem: str, status: int) -> StepError:
        error = StepError(self.name, "", problem, status=status, lasting=status != HTTPStatus.GATEWAY_TIMEOUT)
        extra = {"operation": self._operation, "step": self.name, "reason": problem, "request_id": error.request_id}
        log.warning("step failed", extra=extra)
        return error


def _make_json(value: object) -> object:
    """Return the value of an input as JSON: bytes become base64, as tools send them."""
    return b64encode(value.content).decode() if isinstance(value, File) else value
