"""The inputs of exposed operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.frozen_values import Frozen
    from naftiko_runtime.model.part import InputType

Place: TypeAlias = Literal["path", "query", "header", "cookie", "body"]


class Input(Struct, frozen=True):
    """One input of an exposed operation.

    Attributes:
        name: What the caller calls it.
        place: Where a REST caller puts it.
        type: The type it must have; any when absent.
        required: Whether a call without it is refused.
        default: Its value when the caller leaves it out; none when absent.
        description: The description in the tool's schema.
        inferred: Whether the document declares it, or it follows from the consumed operation.
        pattern: What its text must match, as RE2 writes it.
        path: The JSONPath to its value in the request's body; then the caller does not give it by name.
        nullable: Whether null is a value of it: it reaches a place of a JSON body. Elsewhere null leaves it out.
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


class Contract(Struct, frozen=True):
    """The inputs of one exposed operation.

    Attributes:
        inputs: The inputs, in the order of their declarations.
        open: Whether other arguments are accepted too, and passed through.
    """

    inputs: tuple[Input, ...] = ()
    open: bool = False
