"""How the response of a call becomes the result of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.plan.result_shapes import Shape


class Format(Struct, frozen=True):
    """The format of a response.

    Attributes:
        name: The value of ``outputRawFormat``.
        schema: The value of ``outputSchema``, or None.
        content: The content of the schema file, compiled if the format does so. None without a file.
    """

    name: str = "json"
    schema: str | None = None
    content: bytes | None = None


class JsonResponse(Struct, frozen=True):
    """The declaration of a JSON response that is passed through."""

    type: Literal["object", "array"] | None = None
    description: str | None = None


class UntouchedResponse(Struct, frozen=True):
    """The response is passed through, and never decoded.

    Attributes:
        media_type: The media type that callers get. None for that of the upstream's response.
        bytes_max: The size limit in bytes. None for the operator's limit only.
        declared: Its declaration in the document. None without one, or if it is not JSON.
    """

    media_type: str | None = None
    bytes_max: int | None = None
    declared: JsonResponse | None = None


class MappedResponse(Struct, frozen=True):
    """The response is decoded. The first shape that yields a value gives the result."""

    format: Format
    shapes: tuple[Shape, ...]
