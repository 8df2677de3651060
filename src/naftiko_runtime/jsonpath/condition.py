"""Conditions: what stands inside ``[?(…)]``, about one object."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from naftiko_runtime.jsonpath.compiler import compile_test
from naftiko_runtime.jsonpath.parser import parse_condition
from naftiko_runtime.jsonpath.scanner import JsonPathError
from naftiko_runtime.jsonpath.syntax import (
    And,
    Child,
    Comparison,
    Descent,
    Exists,
    Filter,
    Not,
    Or,
    Query,
)
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from naftiko_runtime.jsonpath.syntax import Operand, Test


class Condition(Struct, frozen=True):
    """A compiled condition.

    Attributes:
        text: The expression.
        names: The fields of the object that it uses, each once.
        fields: The names with the fields of theirs that it uses: ``("ship", "flag")`` for ``$.ship.flag``.
        present: The paths of fields that it only asks the presence of.
        holds: Whether it holds for an object. Inside ``run_bounded`` it raises what that raises, otherwise nothing.
    """

    text: str
    names: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    present: tuple[tuple[str, ...], ...]
    holds: Callable[[object], bool]


@lru_cache(maxsize=1024)
def compile_condition(text: str) -> Condition:
    """Compile a condition about an object, which is both ``$`` and ``@``. Each path begins with a name of a field.

    Raises:
        JsonPathError: It is not a condition, or exceeds a limit.
    """
    test = parse_condition(text)
    queries = (query for operand in _iter_operands(test) for query in _iter_queries(operand, at_top=True))
    pairs = dict.fromkeys((_get_name(query), _get_field(query)) for query in queries)
    names = tuple(dict.fromkeys(name for name, _ in pairs))
    fields = tuple((name, field) for name, field in pairs if field is not None)
    return Condition(text, names, fields, tuple(_iter_present(test)), compile_test(test))


def _get_name(query: Query) -> str:
    match query.segments:
        case (Child(str(name)), *_):
            return name
        case _:
            raise JsonPathError(message_clauses.CONDITION_NO_NAME(), 1)


def _get_field(query: Query) -> str | None:
    match query.segments:
        case (_, Child(str(field)), *_):
            return field
        case _:
            return None


def _iter_present(test: Test) -> Iterator[tuple[str, ...]]:
    """The paths of names whose presence is a test of its own."""
    match test:
        case Exists(Query(segments=segments, function=None)):
            names = tuple(one.key for one in segments if isinstance(one, Child) and isinstance(one.key, str))
            if len(names) == len(segments):
                yield names
        case Not(inner):
            yield from _iter_present(inner)
        case And(tests) | Or(tests):
            for part in tests:
                yield from _iter_present(part)
        case _:
            pass


def _iter_operands(test: Test) -> Iterator[Operand]:
    match test:
        case Exists(query):
            yield query
        case Comparison(left, _, right):
            yield from (left, right)
        case Not(inner):
            yield from _iter_operands(inner)
        case And(tests) | Or(tests):
            for part in tests:
                yield from _iter_operands(part)
        case _:
            assert_never(test)


def _iter_queries(operand: Operand, *, at_top: bool) -> Iterator[Query]:
    """The paths that begin at the object: in a filter inside it, ``@`` is an element."""
    if not isinstance(operand, Query):
        return
    if at_top or operand.from_root:
        yield operand
    for segment in operand.segments:
        selector = segment.selector if isinstance(segment, Descent) else segment
        for inner in _iter_operands(selector.test) if isinstance(selector, Filter) else ():
            yield from _iter_queries(inner, at_top=False)
    for argument in operand.function.arguments if operand.function is not None else ():
        yield from _iter_queries(argument, at_top=at_top)
