"""Previews a workflow in a sandbox that lacks responses.

The result is what each step would send, or why it would not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.engine.exchange import Exchange
from naftiko_runtime.engine.result import OperationResult
from naftiko_runtime.engine.steps.record_span import run_step
from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
from naftiko_runtime.upstream.previewed_requests import PREVIEWED, NoResponse
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.engine.deadline import Deadlines
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.steps.workflow_run import BoundStep
    from naftiko_runtime.plan import Operation

_ABOUT: Final = "no upstream was called; these are the steps, with the requests that would have been sent"
_EMPTY_RESPONSE: Final = Stub(200, (), b"")


class BoundPreview:
    """A workflow that is previewed, with the attributes of :class:`naftiko_runtime.engine.call.BoundCall`.

    Attributes:
        steps: The compiled steps in order.
    """

    __slots__ = ("deadlines", "name", "steps", "target")

    namespace: Final = ""
    resource: Final = None
    head_only: Final = False
    is_exact: Final = True

    def __init__(self, operation: Operation, stages: Sequence[Sequence[BoundStep]], *, deadlines: Deadlines) -> None:
        """Keep the steps.

        Args:
            operation: The exposed operation.
            stages: Its compiled steps.
            deadlines: Limits each preview.
        """
        self.name = self.target = operation.name
        self.steps = [step for stage in stages for step in stage]
        self.deadlines = deadlines

    def run(self, call: Invocation) -> Exchange:
        """Start a preview."""
        return _PreviewExchange(self, call)


class _UnknownOutputError(Exception):
    """A step uses the output of a step that has none in this preview."""

    def __init__(self, step: str) -> None:
        self.step = step
        super().__init__(step)


class _KnownOutputs(dict[str, Any]):
    """The outputs of the steps so far. Who reads one that is not known gets an exception instead."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.unknown:
            raise _UnknownOutputError(name)
        return super().get(name, default)

    def keys(self) -> Any:
        """Return the names, for who reads all outputs."""
        if self.unknown:
            raise _UnknownOutputError(self.unknown[0])
        return super().keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


class _PreviewExchange(Exchange, eq=False):
    _execution: BoundPreview

    async def __aenter__(self) -> OperationResult:
        self._deadline = self._execution.deadlines.begin()
        outputs = _KnownOutputs()
        run = WorkflowRun(self._call, self, outputs)
        try:
            steps = [await _preview_step(step, run, outputs.unknown) for step in self._execution.steps]
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise
        self._result = result = OperationResult(StubResponse(_EMPTY_RESPONSE), "", 0)
        result.set_value({"sandbox": _ABOUT, "steps": steps})
        return result


async def _preview_step(step: BoundStep, run: WorkflowRun, unknown: list[str]) -> dict[str, Any]:
    """Run a step as far as the sandbox has responses, and describe what it did.

    Args:
        step: The step.
        run: The preview so far.
        unknown: The steps whose outputs are not known. If the output of this step is not, it is added.
    """
    requests: list[dict[str, Any]] = []
    token = PREVIEWED.set(requests)
    outcome = "complete"
    try:
        await run_step(step, run)
        if step.name in run.skipped:
            outcome = "not run: its condition does not hold"
    except NoResponse:
        outcome = f"the sandbox has no response for '{step.target}'"
        unknown.append(step.name)
    except _UnknownOutputError as error:
        outcome = f"not run: it uses the output of '{error.step}', which is not known"
        unknown.append(step.name)
    finally:
        PREVIEWED.reset(token)
    described = {"step": step.name, "operation": step.target or None, "outcome": outcome, "requests": requests}
    return {name: value for name, value in described.items() if value is not None}
