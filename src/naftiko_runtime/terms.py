"""Terms: what fills a place of a request or a result. A term is a constant, a reference, or text with references."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.frozen_values import Frozen


class Argument(Struct, frozen=True):
    """The caller's value of an input."""

    name: str


class Variable(Struct, frozen=True):
    """A bound variable, by its full name ``namespace.VARIABLE``."""

    name: str


class Constant(Struct, frozen=True):
    """A value of the document."""

    value: Frozen


class Composed(Struct, frozen=True):
    """Text with values in it. It is absent if one of its arguments is."""

    parts: tuple[Constant | Argument | Variable, ...]


Term: TypeAlias = Constant | Argument | Variable | Composed
"""What a consumed parameter is filled with."""


class TermObject(Struct, frozen=True):
    """An object with a tree of terms in each field. A field without a value is omitted."""

    fields: tuple[tuple[str, Tree], ...]


class TermList(Struct, frozen=True):
    """A list with a tree of terms in each place. An item without a value is omitted."""

    items: tuple[Tree, ...]


Tree: TypeAlias = "Term | TermObject | TermList"
"""A structured value, with a term at every leaf."""
