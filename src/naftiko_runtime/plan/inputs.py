"""The inputs of exposed operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.frozen_values import Frozen
    from naftiko_runtime.model.part import InputType

Place: TypeAlias = Literal["path", "query", "header", "cookie", "body"]


class Constraints(Struct, frozen=True):
    """Which values of an input are allowed, with the meaning of JSON Schema.

    Attributes:
        enum: The allowed values. Empty for any.
        minimum: The least number.
        maximum: The greatest number.
        min_length: The least number of characters.
        max_length: The greatest number of characters.
        format: The format of texts, checked or not.
        items: The items of a list.
    """

    enum: tuple[Frozen, ...] = ()
    minimum: Frozen = None
    maximum: Frozen = None
    min_length: int | None = None
    max_length: int | None = None
    format: str | None = None
    items: Items | None = None


class Items(Struct, frozen=True):
    """The items of a list; see :class:`Input`."""

    type: InputType | None = None
    pattern: str | None = None
    description: str | None = None
    constraints: Constraints | None = None
    examples: tuple[Frozen, ...] = ()


class Input(Struct, frozen=True):
    """One input of an exposed operation.

    Attributes:
        name: Its name for the caller.
        place: Its place in a REST request.
        type: Its type. None for any type.
        required: Whether a call without it is rejected.
        default: Its value if the caller omits it. None without a default.
        description: The description in the tool's schema.
        inferred: Whether it is inferred from the consumed operation, and not declared.
        pattern: The pattern that its text must match, in RE2 syntax.
        path: The JSONPath to its value in the request body, instead of a name.
        nullable: Whether null is a value, because it is sent in a JSON body. Elsewhere, null omits it.
        constraints: Which of the values of its type are allowed. None for all.
        examples: Values that schemas show.
    """

    name: str
    place: Place
    type: InputType | None = None
    required: bool = False
    default: Frozen = None
    description: str | None = None
    inferred: bool = False
    pattern: str | None = None
    path: str | None = None
    nullable: bool = False
    constraints: Constraints | None = None
    examples: tuple[Frozen, ...] = ()


class Contract(Struct, frozen=True):
    """The inputs of one exposed operation.

    Attributes:
        inputs: The inputs, in the order of their declarations.
        open: Whether other arguments are accepted too, and passed through.
    """

    inputs: tuple[Input, ...] = ()
    open: bool = False
