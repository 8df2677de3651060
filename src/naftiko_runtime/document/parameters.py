"""What goes into operations and what comes out of them."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field
from naftiko_runtime.model.part import InputType, JsonType, Meanings, Part, Text, convert_none_to_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEMS: Final = {"type": "string", "enum": ["cargo", "tanker"]}


def tag_text_or_mapping(value: Any) -> str | None:
    """Return the tag of a value in a union of a text and a mapping."""
    return "shape" if isinstance(value, dict | Part) else "path"


class Parameter(Part):
    """What all input parameters have in common."""

    name: Text
    label: Text | None = None
    description: Text | None = None
    type: InputType | None = None
    required: bool | None = None
    default: Any = None


class ValueConstraints(Part):
    """Which values are allowed, and what they look like, with the meaning of JSON Schema.

    All but ``pattern`` are outside the specification.
    """

    pattern: Text | None = None
    enum: Annotated[tuple[Any, ...] | None, BeforeValidator(convert_none_to_tuple)] = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: Annotated[int, Range(0)] | None = None
    max_length: Annotated[int, Range(0)] | None = None
    format: Text | None = None
    items: "InputItems | None" = None
    examples: Annotated[tuple[Any, ...], BeforeValidator(convert_none_to_tuple)] = ()

    meanings: ClassVar[Meanings] = {
        "enum": ("The values that are allowed. Not part of the specification.", ["cargo", "tanker"]),
        "minimum": ("The least number that is allowed. Not part of the specification.", 1),
        "maximum": ("The greatest number that is allowed. Not part of the specification.", 100),
        "minLength": ("The least number of characters that is allowed. Not part of the specification.", 3),
        "maxLength": ("The greatest number of characters that is allowed. Not part of the specification.", 80),
        "format": ("The format of a text, as in JSON Schema. Not part of the specification.", "date"),
        "items": ("The type of each item of a list, and the allowed values. Not part of the specification.", _ITEMS),
        "examples": ("Values that schemas show as examples. Not part of the specification.", ["IMO9321483"]),
    }


class InputItems(ValueConstraints):
    """The items of a list that is an input."""

    type: InputType | None = None
    description: Text | None = None

    meanings: ClassVar[Meanings] = {
        "type": ("The type of each item. An item of another type is rejected.", "string"),
        "description": ("What an item is.", "The IMO number of a ship."),
    }


class ConsumedParameter(Parameter):
    """A parameter of requests to the API: of an operation, a path or the whole API.

    ``style`` and ``explode`` are OpenAPI's, and outside the specification.
    """

    in_: Literal["path", "query", "header", "cookie", "body", "environment"] = field(alias="in")
    value: Text | None = None
    style: Literal["form", "spaceDelimited", "pipeDelimited", "deepObject", "simple"] | None = None
    explode: bool | None = None


class ExposedParameter(Parameter, ValueConstraints):
    """An input of REST operations: of one, of a route or of the whole server."""

    in_: Literal["path", "query", "header", "cookie", "body"] = field(alias="in")
    value: Text | None = None


class ToolParameter(Parameter, ValueConstraints):
    """An argument of an MCP tool. It is required unless it says `required: false`."""

    value: Text | None = None


class ConsumedOutput(Part):
    """A named part of the API's response."""

    name: Text
    type: JsonType = "string"
    value: Text | None = None


class Output(Part):
    """The mapping of a result, or of a part of it."""

    name: Text | None = None
    type: JsonType = "object"
    description: Text | None = None
    mapping: "ParameterMapping | None" = None
    value: Text | None = None
    const: Any = None
    properties: "dict[str, Output] | None" = None
    items: "Output | None" = None
    values: "Output | None" = None
    max_length: Annotated[int, Range(0)] | None = None

    def iter_inner(self) -> "Iterator[Output]":
        """Yield the outputs directly inside this one, in either spelling."""
        for shape in (self, self.mapping):
            if isinstance(shape, Output | OutputMapping):
                yield from (shape.properties or {}).values()
                if shape.items is not None:
                    yield shape.items
        if self.values is not None:
            yield self.values


class OutputMapping(Part):
    """The older spelling: ``mapping: {properties: …}`` or ``mapping: {items: …}``."""

    properties: "dict[str, Output] | None" = None
    items: "Output | None" = None


ParameterMapping = Annotated[
    Annotated[Text, Tag("path")] | Annotated[OutputMapping, Tag("shape")], Discriminator(tag_text_or_mapping)
]
"""A JSONPath, or the older spelling that holds a shape."""


BodyKind = Literal["json", "yaml", "text", "xml", "sparql", "formUrlEncoded", "multipartForm"]


class BodyTemplate(Part):
    """The request body of a consumed operation: a type and a template."""

    type: BodyKind = "json"
    data: Any = None


RequestBody = Annotated[
    Annotated[Text, Tag("path")] | Annotated[BodyTemplate, Tag("shape")], Discriminator(tag_text_or_mapping)
]
"""A raw template, or a kind with its data."""

With = dict[str, Any]
"""Consumed parameter → constant, template or reference."""

ConsumedParameters = Annotated[tuple[ConsumedParameter, ...], BeforeValidator(convert_none_to_tuple)]
ExposedParameters = Annotated[tuple[ExposedParameter, ...], BeforeValidator(convert_none_to_tuple)]
ToolParameters = Annotated[tuple[ToolParameter, ...], BeforeValidator(convert_none_to_tuple)]
Outputs = Annotated[tuple[Output, ...], BeforeValidator(convert_none_to_tuple)]
