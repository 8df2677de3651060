"""What runs when an exposed operation is called.

Each kind of execution answers the same questions (:attr:`Call.targets`, for one), so that nobody else has to know how
it works. What decides by the kind handles all of :data:`Execution`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.plan.body import OpenBody

if TYPE_CHECKING:
    from collections.abc import Container

    from naftiko_runtime.plan.request import Request
    from naftiko_runtime.plan.shapes import Shape
    from naftiko_runtime.plan.upstream import Upstream


class Format(Struct, frozen=True):
    """How an answer is decoded.

    Attributes:
        name: As ``outputRawFormat`` has it.
        schema: As ``outputSchema`` has it; none when there is none.
        content: Of the file that the schema names, compiled where the format compiles it; none when it names none.
    """

    name: str = "json"
    schema: str | None = None
    content: bytes | None = None


class JsonResponse(Struct, frozen=True):
    """What a document says of a JSON answer that goes through untouched."""

    type: Literal["object", "array"] | None = None
    description: str | None = None


class UntouchedResponse(Struct, frozen=True):
    """The answer goes through as it comes, and is never decoded.

    Attributes:
        media_type: What callers are told that it is; none for what the upstream says.
        bytes_max: How large it may be; none for no limit but the operator's.
        declared: What the document says of it; none when it says nothing, or that it is no JSON.
    """

    media_type: str | None = None
    bytes_max: int | None = None
    declared: JsonResponse | None = None


class MappedResponse(Struct, frozen=True):
    """The answer is decoded, and the first shape that yields a value gives the result."""

    format: Format
    shapes: tuple[Shape, ...]


class Target(Struct, frozen=True):
    """A consumed operation that is called.

    Attributes:
        operation: ``namespace.operation``.
        method: In capitals.
        url: With the names of its values in braces.
    """

    operation: str
    method: str
    url: str


class Call(Struct, frozen=True):
    """One consumed operation is called, once."""

    request: Request
    response: UntouchedResponse | MappedResponse

    @property
    def targets(self) -> tuple[Target, ...]:
        """The consumed operations that are called."""
        request = self.request
        pieces = (p if isinstance(p, str) else "{" + getattr(p, "name", "…") + "}" for p in request.path)
        return (Target(request.operation, request.method, "".join(pieces)),)

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The APIs that are called."""
        return (self.request.upstream,)

    @property
    def open_query(self) -> bool:
        """Whether the caller's query goes through byte for byte."""
        return self.request.open_query

    @property
    def open_body(self) -> OpenBody | None:
        """How the caller's body goes through as it came; none when it does not."""
        return self.request.body if isinstance(self.request.body, OpenBody) else None

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """What the result is made by; none when the answer goes through untouched."""
        return self.response.shapes if isinstance(self.response, MappedResponse) else ()

    @property
    def untouched(self) -> UntouchedResponse | None:
        """What is said of an answer that goes through untouched; none for one that is mapped."""
        return self.response if isinstance(self.response, UntouchedResponse) else None

    def remove_mapping(self, answered: Container[str]) -> Call:
        """The same without a mapping; but for operations whose answers are known."""
        return self if self.request.operation in answered else replace(self, response=UntouchedResponse())


class Mock(Struct, frozen=True):
    """Nobody is called: the document itself has the result."""

    shapes: tuple[Shape, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        """None."""
        return ()

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """None."""
        return ()

    @property
    def open_query(self) -> bool:
        """The caller's query goes nowhere."""
        return False

    @property
    def open_body(self) -> OpenBody | None:
        """The caller's body goes nowhere."""
        return None

    @property
    def untouched(self) -> UntouchedResponse | None:
        """There is no answer that could go through."""
        return None

    def remove_mapping(self, answered: Container[str]) -> Mock:  # noqa: ARG002 - its mapping needs no answer
        """The same: its result needs no answer."""
        return self


Execution: TypeAlias = Call | Mock
