"""Binds workflows: their steps to compiled calls, and their masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from naftiko_runtime.engine.preview_workflow import BoundPreview
from naftiko_runtime.engine.steps.call import WHOLE, BoundCallStep
from naftiko_runtime.engine.steps.control_flow import BoundControl
from naftiko_runtime.engine.steps.lookup import BoundLookupStep
from naftiko_runtime.engine.steps.script import BoundScriptStep
from naftiko_runtime.engine.workflow import BoundWorkflow
from naftiko_runtime.plan import (
    Call,
    CallResult,
    CallStep,
    LookupStep,
    MappedResponse,
    PreviewResult,
    ScriptStep,
    UntouchedResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AsyncExitStack

    from naftiko_runtime.engine.call import BoundCall
    from naftiko_runtime.engine.deadline import Deadlines
    from naftiko_runtime.engine.steps.workflow_run import BoundStep
    from naftiko_runtime.plan import Operation, Plan, Workflow, WorkflowStep
    from naftiko_runtime.scripting.pool import ScriptPool
    from naftiko_runtime.secret import Secret


class Scripts:
    """The scripts of a plan: whether they run, and the pool that runs them.

    Args:
        plan: The plan.
        enabled: Whether the operator allows scripts. A document can only disable them.
    """

    def __init__(self, plan: Plan, *, enabled: bool) -> None:
        self._enabled = enabled
        self._pool: ScriptPool | None = None
        steps = (step for operation in plan.exposed_operations for step in operation.execution.script_steps)
        self._languages = {step.program.language for step in steps if self._is_enabled(step)}

    async def open(self, resources: AsyncExitStack) -> None:
        """Start the pool, if a script can run.

        Raises:
            BindError: An engine is not installed, or does not start.
        """
        if not self._languages:
            return
        from naftiko_runtime.scripting.pool import ScriptPool  # noqa: PLC0415 - few documents have scripts

        self._pool = ScriptPool()
        resources.push_async_callback(self._pool.close)
        await self._pool.start(self._languages)

    def choose_pool(self, step: ScriptStep) -> ScriptPool | None:
        """Return what runs a step; None if its script is disabled."""
        return self._pool if self._is_enabled(step) else None

    def _is_enabled(self, step: ScriptStep) -> bool:
        return self._enabled and step.enabled


BindCall: TypeAlias = "Callable[[Operation, Call], BoundCall]"
"""Compiles a call of an exposed operation."""


def bind_workflow(
    operation: Operation,
    plan: Workflow,
    secrets: Mapping[str, Secret],
    bind_call: BindCall,
    *,
    scripts: Scripts,
    deadlines: Deadlines,
) -> BoundWorkflow | BoundPreview:
    """Compile a workflow.

    Args:
        operation: The exposed operation.
        plan: Its workflow.
        secrets: Bound variables by full name.
        bind_call: Compiles the calls of its steps.
        scripts: Runs the scripts of its steps.
        deadlines: Limits each run.
    """

    def bind_step(step: WorkflowStep) -> BoundStep:
        bound, control = bind_kind(step), step.control
        if control is None:
            return bound
        fallback = None
        if isinstance(control.fallback, CallStep):
            fallback = _bind_call_step(operation, plan, control.fallback, bind_call, None)
        return BoundControl(operation.name, bound, control, secrets, fallback)

    def bind_kind(step: WorkflowStep) -> BoundStep:
        match step:
            case CallStep():
                return _bind_call_step(operation, plan, step, bind_call, final)
            case LookupStep():
                return BoundLookupStep(operation.name, step, secrets)
            case ScriptStep():
                return BoundScriptStep(operation.name, step, scripts.choose_pool(step), secrets)
            case _:
                assert_never(step)

    final = _bind_final(operation, plan, bind_call)
    stages = [[bind_step(step) for step in stage] for stage in plan.stages]
    if isinstance(plan.result, PreviewResult):
        return BoundPreview(operation, stages, deadlines=deadlines)
    return BoundWorkflow(operation, plan, stages, secrets, final=final, deadlines=deadlines)


def _bind_final(operation: Operation, plan: Workflow, bind_call: BindCall) -> BoundCall | None:
    """The call whose response is the result, with the mapping of the result; None for another result."""
    result = plan.result
    if not isinstance(result, CallResult):
        return None
    request = next(step.request for step in plan.steps if isinstance(step, CallStep) and step.name == result.step)
    return bind_call(operation, Call(request, result.response))


def _bind_call_step(
    operation: Operation, plan: Workflow, step: CallStep, bind_call: BindCall, final: BoundCall | None
) -> BoundCallStep:
    is_result = final is not None and isinstance(plan.result, CallResult) and plan.result.step == step.name
    decoding = (
        None if step.format is None else bind_call(operation, Call(step.request, MappedResponse(step.format, (WHOLE,))))
    )
    call = (final if is_result else decoding) or bind_call(operation, Call(step.request, UntouchedResponse()))
    mapping = None if decoding is None else decoding.mapping
    streams = plan.stages[-1] == (step,)
    return BoundCallStep(operation.name, step, call, mapping, is_result=is_result, streams=is_result and streams)
