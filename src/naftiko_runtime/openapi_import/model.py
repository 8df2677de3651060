"""Operations of an API, whatever version of OpenAPI describes them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from naftiko_runtime.openapi_import.report import ReportPlace  # noqa: TC001 - a field of a struct

ParameterPlace = Literal["path", "query", "header", "cookie"]


class ValueSchema(Struct):
    """What a value may be, as far as inputs can say it.

    Attributes:
        type: The type of the language. None for any.
        constraints: ``enum``, ``minimum`` … of an input, by their keys in a file.
        default: The default. None without one.
        description: Its description.
        items: The items of a list.
        properties: The fields of an object by name. Empty if they are not known.
        required: The fields that an object must have.
        is_open: Whether an object says that it has other fields too, or has alternatives.
        is_nullable: Whether null is a value.
        is_read_only: Whether only the API writes it.
        unchecked: Keys that inputs do not have.
        unresolved: References that lead nowhere.
    """

    type: str | None = None
    constraints: dict[str, Any] = field(default_factory=dict)
    default: Any = None
    description: str = ""
    items: ValueSchema | None = None
    properties: dict[str, ValueSchema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_open: bool = False
    is_nullable: bool = False
    is_read_only: bool = False
    unchecked: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)


class ApiParameter(Struct):
    """A parameter of an operation, outside the body.

    Attributes:
        name: Its name.
        place: Where it is sent.
        required: Whether it is required.
        schema: What it may be.
        style: OpenAPI's style.
        explode: Whether items and fields are separate.
        media_type: The media type of its text, if it has ``content``.
        description: Its description.
        ignored: Keys that it has, and that cannot be said.
    """

    name: str
    place: ParameterPlace
    required: bool
    schema: ValueSchema
    style: str
    explode: bool
    media_type: str | None = None
    description: str = ""
    ignored: tuple[str, ...] = ()


class ApiBody(Struct):
    """The body of an operation.

    Attributes:
        media_type: The chosen media type.
        others: Other media types that the API takes.
        required: Whether it must be sent.
        schema: What it may be.
        description: Its description.
        encoding: How parts of a form are written, by name.
    """

    media_type: str
    others: tuple[str, ...]
    required: bool
    schema: ValueSchema
    description: str = ""
    encoding: dict[str, Any] = field(default_factory=dict)


class ApiServer(Struct, frozen=True):
    """Where an API is. ``url`` may be relative, or have variables in braces."""

    url: str
    variables: tuple[tuple[str, str | None], ...] = ()


class ApiOperation(Struct):
    """An operation.

    Attributes:
        place: What reports call it.
        parameters: Its parameters.
        body: Its body. None without one.
        security: Alternatives, each with the names of its schemes.
        servers: Where it is.
        response_types: The media types of successful responses.
    """

    place: ReportPlace
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: list[ApiParameter]
    body: ApiBody | None
    security: tuple[tuple[str, ...], ...]
    servers: tuple[ApiServer, ...]
    response_types: tuple[str, ...]


class Api(Struct):
    """An API.

    Attributes:
        schemes: Its security schemes by name, with the keys of OpenAPI 3.
        operations: Its operations, in order.
        default_security: The security of operations without their own.
    """

    title: str
    description: str
    version: str
    schemes: dict[str, dict[str, Any]]
    operations: list[ApiOperation]
    default_security: tuple[tuple[str, ...], ...]
