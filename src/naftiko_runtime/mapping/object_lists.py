"""Maps lists of objects field by field, and not object by object.

Long responses are mostly lists of similar objects. To read one field of all objects, and to check the types of all
values at once, runs in the interpreter's own loops. A call for each field of each object takes 50 % longer.
If an element is not an object, the whole list is mapped object by object.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, Final, TypeAlias

from msgspec import Struct

ShapeAll: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the elements of a list to their results."""
Take: TypeAlias = Callable[[list[Any]], list[Any]]
"""The values at a path in all elements, None for a missing one. It raises AttributeError if something is no object."""


class Column(Struct, frozen=True):
    """One field of the results.

    Attributes:
        take: Reads its values from all elements; without it ``shape`` gets the whole elements.
        shape: From one such value to the result's.
        plain: Types of values that ``shape`` does not change.
    """

    take: Take | None
    shape: Callable[[object], object]
    plain: frozenset[type]

    def shape_all(self, values: list[Any]) -> list[Any]:
        """Shape the values; return them unchanged if their types allow it."""
        if self.plain and self.plain.issuperset(map(type, values)):
            return values
        shape = self.shape
        return [shape(value) for value in values]


def compile_table(columns: dict[str, Column], shape: Callable[[object], object]) -> ShapeAll:
    """Compile the mapping of a list of objects.

    Args:
        columns: The fields of the results, by name; at least one.
        shape: Maps one element, if not all are objects.
    """
    names = tuple(columns)
    steps = [(column.take or _keep, column.shape_all) for column in columns.values()]

    def convert_rows(items: list[Any]) -> list[Any]:
        if not _DICTS.issuperset(map(type, items)):
            return [shape(item) for item in items]
        try:  # count and convert nothing before it is certain that all are objects
            found = [(shape_all, take(items)) for take, shape_all in steps]
        except AttributeError:
            return [shape(item) for item in items]
        # Columns of the response to rows: each has a value for every item.
        fields = [shape_all(values) for shape_all, values in found]
        return list(map(dict, map(zip, repeat(names), zip(*fields, strict=True))))  # no bytecode for each row

    return convert_rows


def compile_take(names: tuple[str, ...]) -> Take | None:
    """Compile the reading of a path of up to three names from objects; None for other paths."""
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
