"""Shapes: how a decoded response becomes a result. The leaves name the source of each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.frozen_values import Frozen
    from naftiko_runtime.terms import Term

ShapeType: TypeAlias = Literal["string", "number", "integer", "boolean", "object", "array"]
"""What a document declares of a value."""


class ConstantShape(Struct, frozen=True):
    """A constant value of the document. Without a type it may be anything."""

    value: Frozen
    type: ShapeType | None = None
    description: str | None = None


class TemplateShape(Struct, frozen=True):
    """A text with values of the caller. It is converted to the declared type if possible."""

    term: Term
    type: ShapeType
    description: str | None = None
    characters_max: int | None = None


class ScalarShape(Struct, frozen=True):
    """The value at a JSONPath, converted to the declared type if possible. Objects and arrays are unchanged.

    Attributes:
        path: The JSONPath.
        type: The declared type.
        description: The description in schemas.
        characters_max: The maximum length of text. None for no limit.
    """

    path: str
    type: ShapeType
    description: str | None = None
    characters_max: int | None = None


class ObjectShape(Struct, frozen=True):
    """An object of named shapes, which are applied to the value at a JSONPath.

    Attributes:
        path: The JSONPath.
        properties: The shapes by name, in order.
        description: The description in schemas.
    """

    path: str
    properties: tuple[tuple[str, Shape], ...]
    description: str | None = None


class MapShape(Struct, frozen=True):
    """The object at a JSONPath, with a shape for each of its values."""

    path: str
    values: Shape
    description: str | None = None


class ListShape(Struct, frozen=True):
    """The list at a JSONPath, with a shape for its items. Without one, the items are unchanged."""

    path: str
    items: Shape | None = None
    description: str | None = None


Shape: TypeAlias = "ConstantShape | TemplateShape | ScalarShape | ObjectShape | MapShape | ListShape"
