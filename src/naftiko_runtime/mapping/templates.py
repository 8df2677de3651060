"""Values of the caller in a result: what a call fills, once the rest of the result is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from naftiko_runtime.encode import format_text
from naftiko_runtime.plan import Argument, Composed, Constant, thaw

if TYPE_CHECKING:
    from naftiko_runtime.plan import Term

Fill: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""From a call's values by input name to a value; none when an input that it needs is absent."""


class Blank(Struct, frozen=True):
    """Stands in a shaped result where values of the caller go."""

    fill: Fill


def compile_template(term: Term) -> Fill:
    """What fills a template, in which variables are never shown."""
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
    """A shaped value with the call's values in its blanks."""
    match value:
        case Blank(fill):
            return fill(values)
        case dict():
            return {key: fill_blanks(item, values) for key, item in value.items()}
        case list():
            return [fill_blanks(item, values) for item in value]
        case _:
            return value
