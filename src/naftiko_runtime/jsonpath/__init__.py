"""JSONPath, as Jayway JsonPath reads it: an expression is compiled once to a function.

docs/jsonpath.md lists the differences from Jayway, with reasons.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from naftiko_runtime.jsonpath.compiler import compile_expression, compile_optional
from naftiko_runtime.jsonpath.condition import Condition, compile_condition
from naftiko_runtime.jsonpath.lookups import Getter
from naftiko_runtime.jsonpath.operators import COUNTING
from naftiko_runtime.jsonpath.parser import parse
from naftiko_runtime.jsonpath.scanner import JsonPathError
from naftiko_runtime.jsonpath.syntax import Child, Descent, Query, Slice, Wildcard
from naftiko_runtime.jsonpath.work_limit import OutOfTime, TooMuchWork, run_bounded

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Expression, Segment

__all__ = [
    "Condition",
    "Getter",
    "JsonPath",
    "JsonPathError",
    "OutOfTime",
    "TooMuchWork",
    "compile_condition",
    "compile_optional_path",
    "compile_path",
    "run_bounded",
]


class JsonPath(Struct, frozen=True):
    """A compiled path."""

    text: str
    """The expression."""
    definite: bool
    """Whether it gives one value (``$.a[0]``, and every function) or a list of all found (``$.a[*]``)."""
    get: Getter
    """From a decoded JSON value to the value at the path.

    A definite path gives the value itself, and None if it leads nowhere. Any other gives a new list in document order,
    which is empty if it leads nowhere. Inside :func:`run_bounded` it raises what that raises, otherwise nothing.
    """
    identity: bool
    """Whether it is ``$``, the whole value."""
    searches: bool = False
    """Whether it can visit more values than the whole value has: by ``..``, filters, several keys or functions."""
    names: tuple[str, ...] = ()
    """The names of the fields, if the path has nothing else (``$.a.b``)."""
    first_field: str | None = None
    """The name of the field that it begins with; None if it begins with something else."""
    counts: bool = False
    """Whether it always gives a number: the length of a list that an indefinite path finds."""


@lru_cache(maxsize=4096)
def compile_path(text: str) -> JsonPath:
    """Compile an expression.

    ``$.`` means ``$``, and the leading ``$`` may be left out. Names after a dot may hold blanks, dashes,
    ``@`` and any letters. A name with a dot, bracket, quote, comma, brace or ``*`` is written as ``['…']``.

    Raises:
        JsonPathError: The expression is not a JSONPath, or exceeds a limit.
    """
    expression = parse(text)
    get = compile_expression(expression)
    query = expression.query
    searches = query.function is not None or any(map(_can_multiply, query.segments))
    names, identity = _find_names(expression), _is_identity(expression)
    counts = _always_counts(query)
    return JsonPath(text, query.definite, get, identity, searches, names, _find_first_field(query), counts)


def compile_optional_path(text: str) -> Getter:
    """Compile an expression to a getter that gives None wherever the path leads nowhere, also for an indefinite path.

    Raises:
        JsonPathError: The expression is not a JSONPath, or exceeds a limit.
    """
    return compile_optional(parse(text))


def _find_first_field(query: Query) -> str | None:
    first = query.segments[0] if query.segments else None
    return first.key if isinstance(first, Child) and isinstance(first.key, str) else None


def _always_counts(query: Query) -> bool:
    """Return whether a function counts a list. After ``[*]`` it can count in each element instead."""
    function = query.function
    if function is None or function.name not in COUNTING:
        return False
    if function.arguments:
        return isinstance(first := function.arguments[0], Query) and not first.definite
    return any(isinstance(segment, Descent) for segment in query.segments)


def _can_multiply(segment: Segment) -> bool:
    return not isinstance(segment, Child | Wildcard | Slice)


def _find_names(expression: Expression) -> tuple[str, ...]:
    segments = expression.query.segments
    names = tuple(s.key for s in segments if isinstance(s, Child) and isinstance(s.key, str))
    return names if len(names) == len(segments) and expression.query.function is None else ()


def _is_identity(expression: Expression) -> bool:
    return not expression.query.segments and expression.query.function is None
