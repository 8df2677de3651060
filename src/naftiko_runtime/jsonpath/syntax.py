"""The syntax tree of an expression."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct


class Child(Struct, frozen=True):
    """``.name``, ``['name']`` or ``[-1]``: a field of an object, or an element of a list."""

    key: str | int


class Fields(Struct, frozen=True):
    """``['a','b']``: an object of these fields; before another segment, the value of each."""

    names: tuple[str, ...]


class Union(Struct, frozen=True):
    """``[0,2]``: the elements that exist, in this order."""

    keys: tuple[str | int, ...]


class Slice(Struct, frozen=True):
    """``[1:3]``, with the meaning that it has in Python."""

    window: slice


class Wildcard(Struct, frozen=True):
    """``[*]`` or ``.*``: every element of a list or value of an object."""


class Filter(Struct, frozen=True):
    """``[?(…)]``: the elements of a list that pass the test; an object is tested as a whole."""

    test: Test


class Descent(Struct, frozen=True):
    """``..`` and the selector that is applied to the value and to everything below it."""

    selector: Selector


class Query(Struct, frozen=True):
    """A path from ``$``, or, in a filter, from the element (``@``)."""

    from_root: bool
    segments: tuple[Segment, ...]
    function: FunctionCall | None
    """The function that ends it."""

    @property
    def definite(self) -> bool:
        """Whether it gives one value, and not a list."""
        return self.function is not None or not self.finds_list

    @property
    def finds_list(self) -> bool:
        """Whether its segments find a list of values: the result, or what its function is applied to."""
        last = len(self.segments) - 1
        return not all(
            isinstance(segment, Child) or (isinstance(segment, Fields) and number == last)
            for number, segment in enumerate(self.segments)
        )


class FunctionCall(Struct, frozen=True):
    """``.sum()``: a function of the value at the path, and of arguments."""

    name: str
    arguments: tuple[Operand, ...]


class Literal(Struct, frozen=True):
    """A text, number, true, false, null, a list, an object, or a regular expression."""

    value: Any


class Exists(Struct, frozen=True):
    """``@.a``: true if the path leads to a value, also to null."""

    query: Query


class Comparison(Struct, frozen=True):
    """``@.a == 'b'``."""

    left: Operand
    operator: str
    right: Operand


class Not(Struct, frozen=True):
    """``!``."""

    test: Test


class And(Struct, frozen=True):
    """``&&``, two or more."""

    tests: tuple[Test, ...]


class Or(Struct, frozen=True):
    """``||``, two or more."""

    tests: tuple[Test, ...]


Selector: TypeAlias = Child | Fields | Union | Slice | Wildcard | Filter
Segment: TypeAlias = Selector | Descent
Operand: TypeAlias = Query | Literal
Test: TypeAlias = Exists | Comparison | Not | And | Or


class Expression(Struct, frozen=True):
    """A whole path."""

    query: Query
    rooted: bool
    """Whether a filter in it reads from ``$``: such a filter is compiled for each value."""
