"""What a place is filled with: constants, inputs of the caller, bound variables, and text composed of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct


class Argument(Struct, frozen=True):
    """The caller's value of an input."""

    name: str


class Variable(Struct, frozen=True):
    """A bound variable, by its full name ``namespace.VARIABLE``."""

    name: str


class Constant(Struct, frozen=True):
    """A value that the document gives."""

    value: Any


class Composed(Struct, frozen=True):
    """Text with values in it; absent as a whole when one of its arguments is."""

    parts: tuple[Constant | Argument | Variable, ...]


Term: TypeAlias = Constant | Argument | Variable | Composed
"""What a consumed parameter is filled with."""
