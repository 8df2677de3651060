"""Compiles terms to closures, once, when the secrets are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, assert_never

from naftiko_runtime.encode_for_place import CommaSeparated, format_text
from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.plan import Argument, Composed, Constant, Term, TermList, TermObject, Tree, Variable, thaw

if TYPE_CHECKING:
    from naftiko_runtime.secret import Secret

Values: TypeAlias = Mapping[str, Any]
"""The caller's checked values by input name, without absent ones."""

T = TypeVar("T")
R = TypeVar("R")
Evaluate: TypeAlias = Callable[[Values], object]


class _Absent:
    """The value of an optional input that the caller does not give."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def evaluate_constant(term: Term, secrets: Mapping[str, Secret]) -> Any:
    """Return the value of a term if it is the same for all calls; otherwise :data:`ABSENT`."""
    match term:
        case Constant(value):
            return thaw(value)
        case Variable(name):
            return secrets[name].reveal()
        case Argument():
            return ABSENT
        case Composed(parts):
            values = [evaluate_constant(part, secrets) for part in parts]
            return ABSENT if ABSENT in values else "".join(map(format_text, values))
        case _:
            assert_never(term)


def compile_term(term: Term, secrets: Mapping[str, Secret], *, joins: bool = False) -> Evaluate:
    """Compile a term. Its value is :data:`ABSENT` if an input is absent.

    Args:
        term: The term.
        secrets: Bound variables by full name.
        joins: Whether a list inside text is separated by commas; otherwise it is JSON there.
    """
    if (value := evaluate_constant(term, secrets)) is not ABSENT:
        return lambda _: value
    match term:
        case Argument(name):
            return lambda values: values.get(name, ABSENT)
        case Composed(parts):
            return _compile_composed(tuple(compile_term(part, secrets) for part in parts), joins=joins)
        case _:
            raise AssertionError(term)


def _compile_composed(parts: tuple[Evaluate, ...], *, joins: bool) -> Evaluate:
    """Text with values in it: absent if one of them is, and null if one of them is null."""

    def compose_text(values: Values) -> Any:
        pieces = [part(values) for part in parts]
        if ABSENT in pieces:
            return ABSENT
        if None in pieces:
            return None
        if joins and any(isinstance(piece, list) for piece in pieces):
            return CommaSeparated(*pieces)
        return "".join(map(format_text, pieces))

    return compose_text


def compile_tree(tree: Tree, secrets: Mapping[str, Secret], *, joins: bool = False) -> Evaluate:
    """Compile a structured value. An entry whose value is absent is left out."""
    match tree:
        case TermObject():
            fields = tuple((key, compile_tree(value, secrets, joins=joins)) for key, value in tree.fields)
            return lambda values: {key: v for key, get in fields if (v := get(values)) is not ABSENT}
        case TermList():
            items = tuple(compile_tree(value, secrets, joins=joins) for value in tree.items)
            return lambda values: [v for get in items if (v := get(values)) is not ABSENT]
        case _:
            return compile_term(tree, secrets, joins=joins)


def render_value(name: str, place: str, render: Callable[[T], R], value: T) -> R:
    """Render a value for its place.

    Args:
        name: The name of the field; empty for a whole place.
        place: ``path``, ``query``, ``header``, ``cookie`` or ``body``.
        render: Renders the value.
        value: The value.

    Raises:
        Rejected: The place cannot have the value.
    """
    try:
        return render(value)
    except Unrenderable as error:
        raise Rejected(InputFault(name, place, str(error))) from None
