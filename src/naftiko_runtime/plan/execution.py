"""Executions: what runs when an exposed operation is called.

Each kind of execution has the same properties, such as :attr:`Call.targets`, so no other module needs to know how
it works. Code that depends on the kind handles all of :data:`Execution`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.plan.body import OpenBody
from naftiko_runtime.plan.response import MappedResponse, UntouchedResponse
from naftiko_runtime.plan.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from naftiko_runtime.plan.request import Request, Target
    from naftiko_runtime.plan.result_shapes import Shape
    from naftiko_runtime.plan.steps import ScriptStep
    from naftiko_runtime.plan.upstream import Upstream


class Call(Struct, frozen=True):
    """Calls one consumed operation once."""

    request: Request
    response: UntouchedResponse | MappedResponse

    script_steps: ClassVar[tuple[ScriptStep, ...]] = ()
    is_mock: ClassVar[bool] = False

    @property
    def targets(self) -> tuple[Target, ...]:
        """The consumed operations that are called."""
        return (self.request.target,)

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The APIs that are called."""
        return (self.request.upstream,)

    @property
    def passes_conditions(self) -> bool:
        """Whether the caller's preconditions and ranges are about the response. A list of pages is not one."""
        return self.request.pagination is None

    @property
    def has_parts(self) -> bool:
        """Whether it ends part by part: page by page."""
        return self.request.pagination is not None

    @property
    def open_query(self) -> bool:
        """Whether the caller's query is passed through unchanged."""
        return self.request.open_query

    @property
    def open_body(self) -> OpenBody | None:
        """How the caller's body is passed through. None if it is not."""
        return self.request.body if isinstance(self.request.body, OpenBody) else None

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes that make the result. None if the response is passed through."""
        return self.response.shapes if isinstance(self.response, MappedResponse) else ()

    @property
    def untouched(self) -> UntouchedResponse | None:
        """The response that is passed through. None for a mapped response."""
        return self.response if isinstance(self.response, UntouchedResponse) else None

    def remove_mapping(self, except_operations: Container[str]) -> Call:
        """Return the call without its mapping and its pages, unless it calls one of some operations."""
        if self.request.operation in except_operations:
            return self
        return Call(replace(self.request, pagination=None), UntouchedResponse())

    def map_requests(self, change: Callable[[Request], Request]) -> Call:
        """Return the call with another request."""
        return replace(self, request=change(self.request))

    def may_change_before(self, _step: str, _item: int | None) -> bool:
        """Return false: there are no steps."""
        return False


class Mock(Struct, frozen=True):
    """Calls no upstream and runs no script: the document contains the result."""

    shapes: tuple[Shape, ...]

    targets: ClassVar[tuple[Target, ...]] = ()
    upstreams: ClassVar[tuple[Upstream, ...]] = ()
    script_steps: ClassVar[tuple[ScriptStep, ...]] = ()
    is_mock: ClassVar[bool] = True
    passes_conditions: ClassVar[bool] = False
    open_query: ClassVar[bool] = False
    open_body: ClassVar[OpenBody | None] = None
    untouched: ClassVar[UntouchedResponse | None] = None
    has_parts: ClassVar[bool] = False

    def remove_mapping(self, except_operations: Container[str]) -> Mock:  # noqa: ARG002 - it needs no response
        """Return the mock itself: its result needs no response."""
        return self

    def map_requests(self, _change: Callable[[Request], Request]) -> Mock:
        """Return the mock itself: it has no request."""
        return self

    def may_change_before(self, _step: str, _item: int | None) -> bool:
        """Return false: there are no steps."""
        return False


Execution: TypeAlias = Call | Workflow | Mock
