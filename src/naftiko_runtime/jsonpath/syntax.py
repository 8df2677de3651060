"""The syntax tree of an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Child:
    """``.name``, ``['name']`` or ``[-1]``: a field of an object, or an element of a list."""

    key: str | int


@dataclass(frozen=True, slots=True)
class Union:
    """``['a','b']`` or ``[0,2]``: those of them that exist, in this order."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """``[1:3]``, with Python's meaning."""

    window: slice


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``[*]`` or ``.*``: every element of a list or value of an object."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(…)]``: the elements of a list that pass; an object is tested itself."""

    test: Test


@dataclass(frozen=True, slots=True)
class Descent:
    """``..`` and what it looks for in the value and in everything below it."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class Query:
    """A path from ``$``, or inside a filter from the element (``@``)."""

    from_root: bool
    segments: tuple[Segment, ...]
    function: str | None
    """The terminal function's name."""

    @property
    def definite(self) -> bool:
        """Whether it gives one value rather than a list of those found."""
        return self.function is not None or all(isinstance(segment, Child) for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, true, false, null, or a list of them."""

    value: Any


@dataclass(frozen=True, slots=True)
class Exists:
    """``@.a``: true when the path leads somewhere, be it to null."""

    query: Query


@dataclass(frozen=True, slots=True)
class Comparison:
    """``@.a == 'b'``."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Not:
    """``!``."""

    test: Test


@dataclass(frozen=True, slots=True)
class And:
    """``&&``, two or more."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """``||``, two or more."""

    tests: tuple[Test, ...]


Selector: TypeAlias = Child | Union | Slice | Wildcard | Filter
Segment: TypeAlias = Selector | Descent
Operand: TypeAlias = Query | Literal
Test: TypeAlias = Exists | Comparison | Not | And | Or


@dataclass(frozen=True, slots=True)
class Expression:
    """A whole path."""

    query: Query
    rooted: bool
    """Whether a filter in it reads from ``$``, so that its tests are known only when the value is."""
