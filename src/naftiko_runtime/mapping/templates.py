"""Templates in results: blanks that a call fills with its inputs after the response is mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.plan import Argument, Composed, Constant, thaw

if TYPE_CHECKING:
    from naftiko_runtime.plan import Term

Fill: TypeAlias = Callable[[Mapping[str, object]], object]
"""From a call's values by input name to a value; None if an input is absent."""


class Blank(Struct, frozen=True):
    """A place in a shaped result for values of the caller."""

    fill: Fill


def compile_template(term: Term) -> Fill:
    """Compile a template. Variables in it are null: results never show secrets."""
    match term:
        case Argument(name):
            return lambda values: values.get(name)
        case Composed(parts):
            fills = [compile_template(part) for part in parts]
            return lambda values: _join([fill(values) for fill in fills])
        case _:
            value = thaw(term.value) if isinstance(term, Constant) else None
            return lambda _: value


def _join(pieces: list[Any]) -> str | None:
    return None if None in pieces else "".join(map(format_text, pieces))


def fill_blanks(value: Any, values: Mapping[str, Any]) -> Any:
    """Fill the blanks of a shaped value with the call's values."""
    match value:
        case Blank(fill):
            return fill(values)
        case dict():
            return {key: fill_blanks(item, values) for key, item in value.items()}
        case list():
            return [fill_blanks(item, values) for item in value]
        case _:
            return value
