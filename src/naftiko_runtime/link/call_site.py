"""The place in a document that calls a consumed operation: an exposed operation, or one of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import ExposedParameter, ToolParameter
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.source import KeyPath


class CallSite(Struct, frozen=True):
    """A place in a document that calls a consumed operation.

    Attributes:
        part: The part with ``call`` and ``with``.
        with_: Its values for parameters.
        input_parameters: What the exposed operation itself declares.
        in_step: Whether it is a step, which passes nothing through that the document does not name.
    """

    part: Part
    with_: Mapping[str, Any]
    input_parameters: Sequence[ExposedParameter | ToolParameter]
    in_step: bool = False

    def get_path(self, *keys: str | int) -> KeyPath:
        """The path from the document's root to the part, or to something in it."""
        return self.part.get_path(*keys)


def make_call_site(exposed: Exposed) -> CallSite:
    """The call site of an exposed operation."""
    return CallSite(exposed, exposed.with_, getattr(exposed, "input_parameters", ()))
