"""Lists of objects to lists of objects, field by field instead of object by object.

What makes a long answer long is a list of objects that are alike. Taking one field out of all of them, and looking at
the types of all at once, runs inside the interpreter's own loops; a call for each field of each object takes half as
long again. Where an element is no object, the whole list takes the general way.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, Final, TypeAlias

from msgspec import Struct

ShapeAll: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the elements of a list to their results."""
Take: TypeAlias = Callable[[list[Any]], list[Any]]
"""The values at a path of all elements, None where one is missing; AttributeError where something is no object."""


class Column(Struct, frozen=True):
    """One field of the results.

    Attributes:
        take: Takes its values out of all elements; without it ``shape`` is given each element as it is.
        shape: From one such value to the result's.
        plain: Types of values that ``shape`` would leave as they are.
    """

    take: Take | None
    shape: Callable[[Any], Any]
    plain: frozenset[type]

    def shape_all(self, values: list[Any]) -> list[Any]:
        """The results' values."""
        if self.plain and self.plain.issuperset(map(type, values)):
            return values
        shape = self.shape
        return [shape(value) for value in values]


def compile_table(columns: dict[str, Column], shape: Callable[[Any], Any]) -> ShapeAll:
    """How a list of objects becomes another one.

    Args:
        columns: By the names of the results' fields, of which there is at least one.
        shape: The general way for one element.
    """
    names = tuple(columns)
    steps = [(column.take or _keep, column.shape_all) for column in columns.values()]

    def rows(items: list[Any]) -> list[Any]:
        if not _DICTS.issuperset(map(type, items)):
            return [shape(item) for item in items]
        try:  # nothing is counted or converted before it is certain that this way leads to the end
            found = [(shape_all, take(items)) for take, shape_all in steps]
        except AttributeError:
            return [shape(item) for item in items]
        fields = [shape_all(values) for shape_all, values in found]
        return list(map(dict, map(zip, repeat(names), zip(*fields, strict=True))))  # no bytecode for each row

    return rows


def compile_take(names: tuple[str, ...]) -> Take | None:
    """What takes the value at a path of up to three names out of objects; nothing for other paths."""
    match names:
        case (a,):
            return lambda items: [item.get(a) for item in items]
        case (a, b):
            return lambda items: [None if (x := item.get(a)) is None else x.get(b) for item in items]
        case (a, b, c):
            return lambda items: [
                None if (x := item.get(a)) is None or (y := x.get(b)) is None else y.get(c) for item in items
            ]
        case _:
            return None


_DICTS: Final = frozenset({dict})


def _keep(items: list[Any]) -> list[Any]:
    return items
