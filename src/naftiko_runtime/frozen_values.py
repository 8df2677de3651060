"""Frozen JSON: the values of a plan.

The plan freezes the values of a document. Two frozen values are equal only if nothing distinguishes them:
``1``, ``1.0``, ``1.00`` and ``true`` are four values.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from naftiko_runtime.source import WrittenFloat, WrittenInt

NumberKind: TypeAlias = Literal["int", "float", "written-int", "written-float"]


class Number(Struct, frozen=True):
    """A number as it is written."""

    text: str
    kind: NumberKind


class Object(Struct, frozen=True):
    """A JSON object. The order of its fields counts, because they are sent in it."""

    fields: tuple[tuple[str, Frozen], ...]


Frozen: TypeAlias = "bool | str | Number | Object | tuple[Frozen, ...] | None"
"""A JSON value that never changes; a tuple is an array."""


def freeze(value: Any) -> Frozen:
    """Return a JSON value in a form that can be compared, hashed and pickled.

    Raises:
        TypeError: It is not a JSON value.
    """
    match value:
        case None | bool() | str():
            return value
        case WrittenInt() | WrittenFloat():
            return Number(value.text, "written-int" if isinstance(value, int) else "written-float")
        case int() | float():
            return Number(repr(value), "int" if isinstance(value, int) else "float")
        case list() | tuple():
            return tuple(map(freeze, value))
        case dict():
            return Object(tuple((key, freeze(item)) for key, item in value.items()))
        case _:
            raise TypeError(f"{type(value).__name__} is not a JSON value")


def thaw(value: Frozen) -> Any:
    """Return the JSON value that was frozen; objects and arrays are new ones."""
    match value:
        case Number():
            return _thaw_number(value)
        case Object(fields):
            return {key: thaw(item) for key, item in fields}
        case tuple():
            return [thaw(item) for item in value]
        case _:
            return value


def _thaw_number(number: Number) -> float:
    match number.kind:
        case "int":
            return int(number.text)
        case "float":
            return float(number.text)
        case "written-int":
            whole = WrittenInt(int(number.text, _find_base(number.text)))
            whole.text = number.text
            return whole
        case "written-float":
            fraction = WrittenFloat(float(number.text))
            fraction.text = number.text
            return fraction


_BASES: Final = {"0o": 8, "0x": 16}


def _find_base(text: str) -> int:
    return _BASES.get(text[:2], 10)
