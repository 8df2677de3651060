"""Workflows: several steps that make one result. ADR 24 explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.plan.response import MappedResponse, UntouchedResponse
from naftiko_runtime.plan.steps import ScriptStep, iter_calls, map_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from naftiko_runtime.plan.body import OpenBody
    from naftiko_runtime.plan.request import Request, Target
    from naftiko_runtime.plan.result_shapes import Shape
    from naftiko_runtime.plan.steps import StepReference, WorkflowStep
    from naftiko_runtime.plan.upstream import Upstream
    from naftiko_runtime.terms import Tree


_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class CallResult(Struct, frozen=True):
    """The response of a call step is the result, as that of a plain call.

    Attributes:
        step: The call step.
        response: How its response becomes the result.
    """

    step: str
    response: UntouchedResponse | MappedResponse


class TreeResult(Struct, frozen=True):
    """The result is an object that is made of the outputs of steps.

    Attributes:
        tree: The object.
        references: What it takes from the steps.
        shapes: How its parts get their declared types.
    """

    tree: Tree
    references: tuple[StepReference, ...]
    shapes: tuple[Shape, ...]


class OutputResult(Struct, frozen=True):
    """The output of a step without a response is the result.

    Attributes:
        step: The step.
        shapes: How its output becomes the result; none if it is the result itself.
    """

    step: str
    shapes: tuple[Shape, ...]


class PreviewResult(Struct, frozen=True):
    """The result of a sandbox that lacks responses: what each step would send, or why it would not."""

    shapes: tuple[Shape, ...] = ()


WorkflowResult: TypeAlias = CallResult | TreeResult | OutputResult | PreviewResult


class Workflow(Struct, frozen=True):
    """Runs steps. It has the properties of every kind of execution.

    Attributes:
        stages: The stages in order. The steps of one stage run concurrently.
        result: Where the result comes from.
        references: What the templates of its outputs take from the steps.
    """

    stages: tuple[tuple[WorkflowStep, ...], ...]
    result: WorkflowResult
    references: tuple[StepReference, ...] = ()

    is_mock: ClassVar[bool] = False
    # What a caller sends is about one request, and a workflow may send several.
    passes_conditions: ClassVar[bool] = False
    has_parts: ClassVar[bool] = True
    open_query: ClassVar[bool] = False
    open_body: ClassVar[OpenBody | None] = None

    @property
    def steps(self) -> tuple[WorkflowStep, ...]:
        """All steps in the order of the document."""
        return tuple(step for stage in self.stages for step in stage)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The consumed operations that are called, each once."""
        return tuple(dict.fromkeys(request.target for request in self._iter_requests()))

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The APIs that are called, each once."""
        return tuple({request.upstream.namespace: request.upstream for request in self._iter_requests()}.values())

    def _iter_requests(self) -> Iterator[Request]:
        return (call.request for step in self.steps for call in iter_calls(step))

    def may_change_before(self, name: str, item: int | None) -> bool:
        """Return whether a step may have changed something before another one failed.

        Args:
            name: The step that failed.
            item: The item of its loop that failed; None outside a loop.
        """
        for step in self.steps:
            if step.name == name and not item:
                return False
            if any(call.request.method not in _READING for call in iter_calls(step)):
                return True
            if step.name == name:
                return False
        return False

    @property
    def script_steps(self) -> tuple[ScriptStep, ...]:
        """The steps that run scripts."""
        return tuple(step for step in self.steps if isinstance(step, ScriptStep))

    @property
    def uses_only_json(self) -> bool:
        """Whether every response that is decoded is JSON, whose numbers JSON can represent."""
        formats = [call.format for step in self.steps for call in iter_calls(step) if call.format is not None]
        if isinstance(self.result, CallResult) and isinstance(self.result.response, MappedResponse):
            formats.append(self.result.response.format)
        return all(one.name == "json" for one in formats)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes that make the result. None if a response is passed through."""
        result = self.result
        if isinstance(result, CallResult):
            return result.response.shapes if isinstance(result.response, MappedResponse) else ()
        return result.shapes

    @property
    def untouched(self) -> UntouchedResponse | None:
        """The response that is passed through. None for another result."""
        response = self.result.response if isinstance(self.result, CallResult) else None
        return response if isinstance(response, UntouchedResponse) else None

    def remove_mapping(self, except_operations: Container[str]) -> Workflow:
        """Return a preview of the workflow, unless it calls only some operations."""
        if all(request.operation in except_operations for request in self._iter_requests()):
            return self
        return replace(self, result=PreviewResult(), references=())

    def map_requests(self, change: Callable[[Request], Request]) -> Workflow:
        """Return the workflow with other requests."""

        def change_step(step: WorkflowStep) -> WorkflowStep:
            return map_calls(step, lambda call: replace(call, request=change(call.request)))

        return replace(self, stages=tuple(tuple(map(change_step, stage)) for stage in self.stages))
