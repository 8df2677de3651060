"""Terms to closures: what a call has to look up is decided once, when secrets are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from naftiko_runtime.plan import Argument, Composed, Constant, Term, Variable
from naftiko_runtime.template import as_text

if TYPE_CHECKING:
    from naftiko_runtime.secret import Secret

Values: TypeAlias = Mapping[str, Any]
"""The caller's admitted values by input name; an absent one is not in it."""

Evaluate: TypeAlias = Callable[[Values], Any]


class _Absent:
    """The value of an optional input that the caller left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def constant(term: Term, secrets: Mapping[str, Secret]) -> Any:
    """A term's value when no caller can change it; otherwise :data:`ABSENT`."""
    match term:
        case Constant(value):
            return value
        case Variable(name):
            return secrets[name].reveal()
        case Argument():
            return ABSENT
        case Composed(parts):
            values = [constant(part, secrets) for part in parts]
            return ABSENT if ABSENT in values else "".join(map(as_text, values))
        case _:
            assert_never(term)


def evaluator(term: Term, secrets: Mapping[str, Secret]) -> Evaluate:
    """A closure from a call's values to a term's value; :data:`ABSENT` when an input it needs is absent."""
    if (value := constant(term, secrets)) is not ABSENT:
        return lambda _: value
    match term:
        case Argument(name):
            return lambda values: values.get(name, ABSENT)
        case Composed(parts):
            return _composed(tuple(evaluator(part, secrets) for part in parts))
        case _:
            raise AssertionError(term)


def _composed(parts: tuple[Evaluate, ...]) -> Evaluate:
    def text(values: Values) -> Any:
        pieces = [part(values) for part in parts]
        return ABSENT if ABSENT in pieces else "".join(map(as_text, pieces))

    return text
