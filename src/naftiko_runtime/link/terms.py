"""Terms put together, searched and replaced, wherever in a request they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from naftiko_runtime.plan import (
    Argument,
    Composed,
    Constant,
    Form,
    JsonText,
    JsonTree,
    Multipart,
    NamedTerm,
    Part,
    PlainText,
    Term,
    Variable,
    WholeBody,
    YamlTree,
)
from naftiko_runtime.template import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


def composed(terms: Iterable[Term]) -> Term:
    """Terms side by side as one: flat, and itself when there is only one."""
    parts: list[Any] = []
    for term in terms:
        parts += term.parts if isinstance(term, Composed) else (term,)
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def arguments(value: Any) -> Iterator[str]:
    """The names of the arguments that stand anywhere in a term, a body or a collection of them."""
    match value:
        case Argument(name):
            yield name
        case NamedTerm(_, term) | WholeBody(term):
            yield from arguments(term)
        case Composed(parts) | JsonText(parts) | PlainText(parts) | Form(parts) | Multipart(parts):
            yield from arguments(parts)
        case Part(_, term, filename, content_type):
            yield from arguments((term, filename, content_type))
        case JsonTree(root) | YamlTree(root):
            yield from arguments(root)
        case tuple() | list():
            for item in value:
                yield from arguments(item)
        case dict():
            yield from arguments(list(value.values()))


def variables(value: Any) -> Iterator[str]:
    """The full names of the variables that stand anywhere in a part of a plan."""
    if isinstance(value, Variable):
        yield value.name
    elif isinstance(value, Struct):
        yield from variables(asdict(value))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from variables(item)
    elif isinstance(value, dict):
        yield from variables(list(value.values()))


def filling(term: Term) -> Callable[[Mapping[str, Any]], Any]:
    """From a call's values to a term without variables; none when an input that it needs is absent."""
    match term:
        case Argument(name):
            return lambda values: values.get(name)
        case Composed(parts):
            fills = [filling(part) for part in parts]
            return lambda values: _joined([fill(values) for fill in fills])
        case _:
            value = term.value if isinstance(term, Constant) else None
            return lambda _: value


def _joined(pieces: list[Any]) -> str | None:
    return None if None in pieces else "".join(map(as_text, pieces))


def substituted(value: Any, terms: Mapping[str, Term]) -> Any:
    """The same with each argument that has a term replaced by it."""
    match value:
        case Argument(name):
            return terms.get(name, value)
        case Composed(parts):
            return composed(substituted(part, terms) for part in parts)
        case tuple() | list():
            return type(value)(substituted(item, terms) for item in value)
        case dict():
            return {key: substituted(item, terms) for key, item in value.items()}
        case _ if isinstance(value, Struct):
            return replace(value, **substituted(asdict(value), terms))
        case _:
            return value
