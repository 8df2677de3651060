"""Terms put together, searched and replaced, wherever in a request they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from naftiko_runtime.plan import Argument, Composed, Term, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def compose(terms: Iterable[Term]) -> Term:
    """Terms side by side as one: flat, and itself when there is only one."""
    parts: list[Any] = []
    for term in terms:
        parts += term.parts if isinstance(term, Composed) else (term,)
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def find_arguments(value: Any) -> Iterator[str]:
    """The names of the arguments that stand anywhere in a part of a plan, or in several."""
    return (term.name for term in _walk(value) if isinstance(term, Argument))


def find_variables(value: Any) -> Iterator[str]:
    """The full names of the variables that stand anywhere in a part of a plan, or in several."""
    return (term.name for term in _walk(value) if isinstance(term, Variable))


def _walk(value: Any) -> Iterator[Argument | Variable]:
    if isinstance(value, Argument | Variable):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _walk(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _walk(item)


def substitute(value: Any, terms: Mapping[str, Term]) -> Any:
    """The same with each argument that has a term replaced by it."""
    match value:
        case Argument(name):
            return terms.get(name, value)
        case Composed(parts):
            return compose(substitute(part, terms) for part in parts)
        case tuple():
            return tuple(substitute(item, terms) for item in value)
        case _ if isinstance(value, Struct):
            fields = ((name, substitute(field, terms)) for name, field in asdict(value).items())
            return replace(value, **dict(fields))
        case _:
            return value
