"""Runs call steps."""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import limits
from naftiko_runtime.engine.exchange import choose_status, describe_failure
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.mapping import report_mismatches
from naftiko_runtime.engine.result import OperationResult, format_status
from naftiko_runtime.engine.steps.workflow_run import compile_references, limit_work
from naftiko_runtime.errors import Rejected, StepError, UpstreamError, is_lasting
from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.plan import ITEM, ListShape, ObjectShape, ScalarShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.engine.call import BoundCall
    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.mapping import ResponseMapping
    from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
    from naftiko_runtime.plan import CallStep, NamedOutput, Shape, StepReference

log = logging.getLogger(__name__)

WHOLE: Final = ScalarShape("$", "object")
"""The shape of a response that a step uses as it is."""

_HARMLESS: Final[tuple[object, ...]] = ("0", "text", "text/plain", {})
"""Each place of a request can have one of these: ``text`` is base64, too, and a whole form is an object."""


class BoundCallStep:
    """A compiled call step.

    Attributes:
        name: Its name.
        target: The consumed operation that it calls.
    """

    __slots__ = (
        "_call",
        "_is_result",
        "_mapping",
        "_name_outputs",
        "_operation",
        "_read_values",
        "_references",
        "_streams",
        "name",
        "target",
    )

    def __init__(
        self,
        operation: str,
        plan: CallStep,
        call: BoundCall,
        mapping: ResponseMapping | None,
        *,
        is_result: bool = False,
        streams: bool = False,
    ) -> None:
        """Compile a step.

        Args:
            operation: The exposed operation, for logs.
            plan: The step.
            call: Sends its requests.
            mapping: Gives the decoded response. None if no later step uses it.
            is_result: Whether the response is the result.
            streams: Whether the response may reach the caller as a stream.
        """
        self.name, self.target = plan.name, plan.request.operation
        self._operation = operation
        self._call, self._mapping = call, mapping
        self._is_result, self._streams = is_result, streams
        self._references = plan.references
        self._read_values = compile_references(plan.name, plan.references)
        self._name_outputs = _compile_outputs(operation, plan) if plan.outputs else None

    async def run(self, run: WorkflowRun) -> None:
        """Call the operation; see :class:`naftiko_runtime.engine.steps.workflow_run.BoundStep`."""
        result = await self._send(run)
        if self._is_result:
            run.result = result
        try:
            await self._read(result, run)
        except UpstreamError as error:
            raise self._describe(error) from None
        finally:
            if not self._is_result:
                await result.response.close()

    async def _send(self, run: WorkflowRun) -> OperationResult:
        """The successful response of the call."""
        values, call = await run.read(self._read_values) if self._references else run.call.values, self._call
        try:
            request = call.builder.build(_make_invocation(values, run.call))
        except Rejected as error:
            if (fault := self._find_callers_fault(error, values, run)) is not None:
                raise fault from None
            problem = f"'{self.target}' cannot be called with the values of earlier steps: {error}"
            raise StepError(self.name, self.target, problem, status=502, lasting=True) from None
        try:
            response = await call.send(request)
        except UpstreamError as error:
            raise self._describe(error) from None
        result = OperationResult(response, request.url, call.bytes_max, call.kept)
        run.statuses[self.name] = result.status
        if not 200 <= result.status < 300:  # noqa: PLR2004 - HTTP
            await response.close()
            raise self._describe_status(result)
        return result

    def _find_callers_fault(self, error: Rejected, values: Values, run: WorkflowRun) -> Rejected | None:
        """The fault of the caller's values in a rejected request: what remains whatever the outputs of steps are.

        Args:
            error: Why the request was rejected.
            values: The values of the request.
            run: The run.
        """
        of_steps = [one.argument for one in self._references if not _is_callers(one, run)]
        for harmless in _HARMLESS if of_steps else ():
            tried = {**values, **dict.fromkeys(of_steps, harmless)}
            try:
                self._call.builder.build(_make_invocation(tried, run.call))
            except Rejected as remaining:
                error = remaining
            else:
                return None
        return error

    async def _read(self, result: OperationResult, run: WorkflowRun) -> None:
        """Read the response, and decode it for later steps."""
        mapping = self._mapping
        if mapping is None and self._streams:
            return
        body = await result.read()
        result.hold_body(body)
        run.bodies.add(len(body))
        if run.bodies.size > (most := max(limits.RUN_BYTES_MAX, self._call.bytes_max)):
            problem = f"the responses of the run exceed {most:,} bytes"
            raise StepError(self.name, self.target, problem, status=502, lasting=True)
        if mapping is not None:
            value = await mapping.read_value(result, run.exchange)
            if self._name_outputs is not None:
                value = await run.work(partial(self._name_outputs, value, run))
            run.outputs[self.name] = value

    def _describe_status(self, result: OperationResult) -> StepError:
        """The error of a response that is not successful."""
        status = result.status if result.status >= HTTPStatus.BAD_REQUEST else int(HTTPStatus.BAD_GATEWAY)
        problem = f"'{self.target}' responded with {format_status(result.status)}"
        retry_after, lasting = result.get_header(b"retry-after"), result.status < HTTPStatus.BAD_REQUEST
        error = StepError(self.name, self.target, problem, status=status, retry_after=retry_after, lasting=lasting)
        _log_failure(self._operation, error, f"status {result.status}")
        return error

    def _describe(self, error: UpstreamError) -> StepError:
        """The error of a call without a usable response."""
        return describe_unusable(self._operation, self.name, self.target, error)


def _make_invocation(values: Values, call: Invocation) -> Invocation:
    """Return the invocation of a step, in the name of who calls the workflow."""
    return Invocation(values=values, headers=call.headers, caller=call.caller, named_headers=call.named_headers)


def _is_callers(reference: StepReference, run: WorkflowRun) -> bool:
    """Return whether a value comes from the caller: from an input, or from a loop over one."""
    return reference.of_input or (reference.source == ITEM and run.item_is_callers)


def describe_unusable(operation: str, step: str, target: str, error: UpstreamError) -> StepError:
    """Describe, and log, a call of a step without a usable response.

    Args:
        operation: The exposed operation, for logs.
        step: The step.
        target: The consumed operation that it calls.
        error: What happened.
    """
    status, retry_after = choose_status(error)
    failure = StepError(
        step,
        target,
        describe_failure(target, error),
        status=status,
        retry_after=retry_after,
        request_id=error.request_id,
        lasting=is_lasting(error),
    )
    _log_failure(operation, failure, error.detail)
    return failure


def _log_failure(operation: str, error: StepError, reason: str) -> None:
    extra = {"operation": operation, "step": error.step, "upstream": error.operation, "reason": reason}
    log.warning("step failed", extra=extra | {"request_id": error.request_id})


def _compile_outputs(operation: str, plan: CallStep) -> Callable[[object, WorkflowRun], object]:
    """Compile the named parts of responses: each object of a list keeps its fields and gets the parts too."""
    shapes = tuple((one.name, _make_shape(one)) for one in plan.outputs)
    compiled = compile_shapes((ObjectShape("$", shapes),))

    def add_parts(item: Any) -> Any:
        parts: Any = compiled.make(item)
        return {**item, **parts} if isinstance(item, dict) else item

    def make_parts(value: object) -> object:
        return list(map(add_parts, value)) if isinstance(value, list) else compiled.make(value)

    def name_parts(value: object, run: WorkflowRun) -> object:
        before = compiled.mismatches.count
        named = (
            limit_work(plan.name, "the work on its outputs", make_parts, value, run)
            if compiled.searches
            else make_parts(value)
        )
        if compiled.mismatches.count != before:
            report_mismatches(operation, compiled.mismatches, before)
        return named

    return name_parts


def _make_shape(output: NamedOutput) -> Shape:
    return ListShape(output.path) if output.type == "array" else ScalarShape(output.path, output.type)
