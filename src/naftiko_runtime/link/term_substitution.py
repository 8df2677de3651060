"""Composes, finds and replaces terms anywhere in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from naftiko_runtime.plan import Argument, Composed, Term, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def compose(terms: Iterable[Term]) -> Term:
    """Compose terms to one; a single term is unchanged."""
    parts: list[Any] = []
    for term in terms:
        parts += term.parts if isinstance(term, Composed) else (term,)
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def find_arguments(value: Any) -> Iterator[str]:
    """Find the names of the arguments anywhere in parts of a plan."""
    return (term.name for term in _walk(value) if isinstance(term, Argument))


def find_variables(value: Any) -> Iterator[str]:
    """Find the full names of the variables anywhere in parts of a plan."""
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
    """Replace arguments by terms, by the names of the arguments."""
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
