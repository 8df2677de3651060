"""Exposed operations: what each takes, what it calls and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from naftiko_runtime.mapping.output_schema import Mismatches
from naftiko_runtime.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.contract import Contract
    from naftiko_runtime.formats import Decode
    from naftiko_runtime.mapping.output_schema import Outline
    from naftiko_runtime.plan.request import Request


class Blank(Struct, frozen=True):
    """Stands in a shaped result where the caller's input goes; ``fill`` makes what goes there of the call's values."""

    fill: Callable[[Mapping[str, Any]], Any]


class Operation(Struct, frozen=True):
    """An exposed operation: what it takes, what it calls, what it answers.

    Attributes:
        name: ``namespace.operation`` for logs.
        contract: The check of its input.
        request: The call.
        shape: From the decoded answer to the result; none when the answer goes through as it came.
        raw_format: How the answer is decoded when it has to be.
        media_type: What callers are told that an untouched answer is; none for what the upstream says.
        binary_bytes_max: Of an untouched answer, as the document has it; none for no limit but the operator's.
    """

    name: str
    contract: Contract
    request: Request
    shape: Callable[[Any], Any] | None
    raw_format: str = "json"
    decode: Decode | None = None
    """What decodes an answer of that format; none for those that need no schema."""
    media_type: str | None = None
    binary_bytes_max: int | None = None
    description: str = ""
    outline: Outline | None = None
    """What the shaped result looks like; none when there is no shape, or no telling."""
    declared: dict[str, Any] | None = None
    """What the document says of an untouched JSON answer, as a JSON Schema; none when it says nothing of it."""
    searches: bool = False
    """Whether a path of the shape searches: what it looks at is bounded."""
    mismatches: Mismatches = field(default_factory=Mismatches)
    irregular: Notes = field(default_factory=Notes)
    """What was irregular in the answers that were decoded so far."""
    blanks: bool = False
    """Whether shaped results have a :class:`Blank` somewhere."""

    @property
    def mock(self) -> bool:
        """Whether nobody is called: the document itself has the answer."""
        return not self.request.upstream.base_uri
