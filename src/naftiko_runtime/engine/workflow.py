"""Runs the execution of kind ``workflow``: steps in stages, then one result."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime.engine.exchange import Exchange
from naftiko_runtime.engine.mapping import report_mismatches
from naftiko_runtime.engine.progress import report_progress
from naftiko_runtime.engine.result import OperationResult
from naftiko_runtime.engine.steps.call import describe_unusable
from naftiko_runtime.engine.steps.record_span import run_step
from naftiko_runtime.engine.steps.workflow_run import WorkflowRun, compile_references, compile_value, limit_work
from naftiko_runtime.errors import StepError, UpstreamError
from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.mapping.templates import fill_blanks
from naftiko_runtime.plan import CallResult, OutputResult, TreeResult
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.engine.call import BoundCall
    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.deadline import Deadline, Deadlines
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.represented_resource import RepresentedResource
    from naftiko_runtime.engine.steps.workflow_run import BoundStep
    from naftiko_runtime.errors import CallError
    from naftiko_runtime.plan import Operation, Workflow
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)
_WITHOUT_BODY: Final = (204, 205)


class BoundWorkflow:
    """A compiled workflow, with the attributes of :class:`naftiko_runtime.engine.call.BoundCall`.

    Attributes:
        stages: The compiled steps of each stage.
        step_count: The number of steps.
        final: The call whose response is the result, with its mapping. None for another result.
        final_step: The step of this call; empty for another result.
        resource: The resource that this response represents: the caller's path does not lead to it. None for another
            result.
        maker: Makes another result.
        read_values: From a run to the values that outputs show.
    """

    __slots__ = (
        "deadlines",
        "final",
        "final_step",
        "is_exact",
        "maker",
        "name",
        "read_values",
        "resource",
        "stages",
        "step_count",
        "target",
    )

    namespace: Final = ""
    head_only: Final = False

    def __init__(
        self,
        operation: Operation,
        plan: Workflow,
        stages: Sequence[Sequence[BoundStep]],
        secrets: Mapping[str, Secret],
        *,
        final: BoundCall | None,
        deadlines: Deadlines,
    ) -> None:
        """Compile what is the same for all runs.

        Args:
            operation: The exposed operation.
            plan: The workflow.
            stages: Its compiled steps.
            secrets: Bound variables by full name.
            final: The call whose response is the result; None for another result.
            deadlines: Limits each run.
        """
        self.name = self.target = operation.name
        self.deadlines = deadlines
        self.stages = tuple(map(tuple, stages))
        self.step_count = sum(map(len, self.stages))
        self.is_exact = plan.uses_only_json
        self.read_values = compile_references("outputParameters", plan.references)
        self.final = final
        self.final_step = plan.result.step if isinstance(plan.result, CallResult) else ""
        self.resource: RepresentedResource | None = None
        if final is not None:
            self.resource = replace(final.resource, pattern=None, inputs=None, query_inputs={})
        self.maker = None if isinstance(plan.result, CallResult) else _ResultMaker(operation, plan, secrets)

    def run(self, call: Invocation) -> Exchange:
        """Start an exchange."""
        return _WorkflowExchange(self, call)


class _ResultMaker:
    """Makes the result of a run from the outputs of its steps."""

    __slots__ = ("_calls", "_compiled", "_name", "_read")

    def __init__(self, operation: Operation, plan: Workflow, secrets: Mapping[str, Secret]) -> None:
        assert isinstance(plan.result, TreeResult | OutputResult)  # noqa: S101 - narrows the type
        self._name = operation.name
        self._compiled = compile_shapes(plan.result.shapes) if plan.result.shapes else None
        self._read = _compile_source(plan.result, secrets)
        self._calls = tuple(reversed([step.name for step in plan.steps]))

    def make(self, run: WorkflowRun, values: Values) -> OperationResult:
        """The result, with the status of the last response.

        Args:
            run: The complete run.
            values: What its outputs show.
        """
        status = next((run.statuses[name] for name in self._calls if name in run.statuses), 200)
        stub = Stub(200 if status in _WITHOUT_BODY else status, (), b"")
        result, value = OperationResult(StubResponse(stub), "", 0), self._read(run)
        if (compiled := self._compiled) is not None:
            before = compiled.mismatches.count
            if compiled.searches:
                value = limit_work("mappings", "the work on them", compiled.make, value, run)
            else:
                value = compiled.make(value)
            if compiled.has_blanks:
                value = fill_blanks(value, values)
            if compiled.mismatches.count != before:
                result.mismatched = True
                report_mismatches(self._name, compiled.mismatches, before)
        result.set_value(value)
        return result


def _compile_source(plan: TreeResult | OutputResult, secrets: Mapping[str, Secret]) -> Callable[[WorkflowRun], object]:
    """From a run to the value that the result is made of."""
    if not isinstance(plan, TreeResult):
        return lambda run: run.outputs.get(plan.step)
    return compile_value("mappings", plan.tree, plan.references, secrets)


class _WorkflowExchange(Exchange, eq=False):
    _execution: BoundWorkflow
    _run: WorkflowRun | None = None

    async def __aenter__(self) -> OperationResult:
        execution = self._execution
        self._run = run = WorkflowRun(self._call, self)
        self._deadline = execution.deadlines.begin()
        try:
            for stage in execution.stages:
                await _run_stage(stage, run, execution.step_count)
            run.complete.discard(execution.final_step)  # until its body is read
            values = execution.read_values(run)
            if execution.maker is not None:
                run.result = await run.work(partial(execution.maker.make, run, values))
            self._result = run.result
            if execution.final is not None and run.result is not None:
                await execution.final.finish_result(run.result, values, self)
        except BaseException as error:
            self._result = run.result
            await self.__aexit__(type(error), error, None)
            raise
        assert run.result is not None  # noqa: S101 - narrows the type: the plan names the step that has it
        return run.result

    def _raise_failure(
        self, kind: type[BaseException] | None, error: BaseException | None, deadline: Deadline | None
    ) -> None:
        """Raise a failure with a message that names the step: only the body of the last call is read outside one."""
        execution = self._execution
        if execution.final is not None and isinstance(error, UpstreamError):
            raise describe_unusable(execution.name, execution.final_step, execution.final.target, error) from None
        Exchange._raise_failure(self, kind, error, deadline)  # noqa: SLF001 - super() has no cell in a Struct's method

    def _make_timeout(self, seconds: float) -> CallError:
        """Make the error of an expired deadline: it names the first step that is not complete."""
        run, stages = self._run, self._execution.stages
        running = [step for stage in stages for step in stage if run is not None and step.name not in run.complete]
        if not running:
            return Exchange._make_timeout(self, seconds)  # noqa: SLF001 - super() has no cell in a Struct's method
        step = running[0]
        problem = f"'{step.target}' did not respond" if step.target else "it did not end"
        error = StepError(step.name, step.target, f"{problem} within the {seconds:g} seconds of the run", status=504)
        extra = {"operation": self._execution.name, "step": step.name, "upstream": step.target, "seconds": seconds}
        log.warning("step deadline", extra=extra | {"request_id": error.request_id})
        return error


async def _run_stage(stage: Sequence[BoundStep], run: WorkflowRun, total: int) -> None:
    """Run the steps of a stage. The first failed step in the order of the document is reported.

    Raises:
        CallError: A step failed. Later steps are cancelled then; earlier ones are awaited.
    """
    if len(stage) == 1:
        await _run_step(stage[0], run, total)
        return
    failures: dict[int, Exception] = {}
    tasks: list[asyncio.Task[None]] = []

    async def attempt(number: int, step: BoundStep) -> None:
        try:
            await _run_step(step, run, total)
        except Exception as error:  # noqa: BLE001 - raised below, after the earlier steps
            failures[number] = error
            for task in tasks[number + 1 :]:
                task.cancel()

    async with asyncio.TaskGroup() as group:
        tasks += [group.create_task(attempt(number, step)) for number, step in enumerate(stage)]
    if failures:
        raise failures[min(failures)]


async def _run_step(step: BoundStep, run: WorkflowRun, total: int) -> None:
    await run_step(step, run)
    run.complete.add(step.name)
    report_progress(f"step '{step.name}' has ended", total)
