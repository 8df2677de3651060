"""JSONPath, as Jayway JsonPath reads it: an expression becomes a function, once.

What departs from Jayway, and why, is in docs/jsonpath.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from naftiko_runtime.jsonpath.compiler import Getter, compile_expression
from naftiko_runtime.jsonpath.parser import parse
from naftiko_runtime.jsonpath.scanner import JsonPathError
from naftiko_runtime.jsonpath.syntax import Child, Slice, Wildcard
from naftiko_runtime.jsonpath.work_limit import OutOfTime, TooMuchWork, run_bounded

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Expression, Segment

__all__ = ["Getter", "JsonPath", "JsonPathError", "OutOfTime", "TooMuchWork", "compile_path", "run_bounded"]


class JsonPath(Struct, frozen=True):
    """A compiled path."""

    text: str
    """As it was written."""
    definite: bool
    """Whether it gives one value (``$.a[0]``, and every function) or a list of all found (``$.a[*]``)."""
    get: Getter
    """From a decoded JSON value to what stands at the path; raises only what :func:`run_bounded` has it raise.

    A definite path gives the value itself, any other one a new list, possibly empty, in document order. Both give None
    when what a list would be made of is missing.
    """
    identity: bool
    """Whether it is ``$``: the value as it came."""
    searches: bool = False
    """Whether what it looks at can grow faster than the value: by ``..``, filters, several keys or functions."""
    names: tuple[str, ...] = ()
    """The names of the fields that lead to its one value, where there is nothing else to it (``$.a.b``)."""


@lru_cache(maxsize=4096)
def compile_path(text: str) -> JsonPath:
    """Compile an expression.

    ``$.`` means ``$``, and the leading ``$`` may be left out. Names after a dot may hold blanks, dashes,
    ``@`` and any letters; one with a dot, bracket, quote, comma, brace or ``*`` in it stands as ``['…']``.

    Raises:
        JsonPathError: the expression is not a JSONPath, or exceeds a limit.
    """
    expression = parse(text)
    get = compile_expression(expression)
    query = expression.query
    searches = query.function is not None or any(map(_multiplies, query.segments))
    return JsonPath(text, query.definite, get, _is_identity(expression), searches, _names(expression))


def _multiplies(segment: Segment) -> bool:
    return not isinstance(segment, Child | Wildcard | Slice)


def _names(expression: Expression) -> tuple[str, ...]:
    segments = expression.query.segments
    names = tuple(s.key for s in segments if isinstance(s, Child) and isinstance(s.key, str))
    return names if len(names) == len(segments) and expression.query.function is None else ()


def _is_identity(expression: Expression) -> bool:
    return not expression.query.segments and expression.query.function is None
