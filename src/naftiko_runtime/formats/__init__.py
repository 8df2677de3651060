"""Upstream answers from bytes to plain values; one file a format."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TypeAlias

from naftiko_runtime.formats import json, separated, xml, yaml

Decode: TypeAlias = Callable[[bytes], Any]

DECODERS: Final[dict[str, Decode]] = {
    "json": json.decode,
    "xml": xml.decode,
    "yaml": yaml.decode,
    "csv": separated.decoder(","),
    "tsv": separated.decoder("\t"),
    "psv": separated.decoder("|"),
}
"""The formats that need no more than the body."""

WITH_FILE: Final = frozenset({"avro", "protobuf"})
"""Formats whose ``outputSchema`` is a file."""

EXTRAS: Final = frozenset({"avro", "html", "markdown", "protobuf"})
"""Formats that need the extra of their name."""

_WITH_CHARSET: Final = frozenset({"xml", "csv", "tsv", "psv", "html", "markdown"})
_XML_DECLARATION: Final = re.compile(rb"\s*<\?xml[^>]*\?>")


class Undecodable(ValueError):  # noqa: N818 - it says what the body is
    """A body that is not what ``outputRawFormat`` says."""


class MissingExtraError(Exception):
    """A format whose library is not installed."""


def decoder(raw_format: str, schema: str | None = None, content: bytes | None = None) -> Decode:
    """How a body of a format becomes a plain value.

    Args:
        raw_format: As ``outputRawFormat`` names it; ``binary`` has no decoder.
        schema: The ``outputSchema``: a selector, the beginning of a heading, or a file's name.
        content: Of the file, for the formats that have one.

    Raises:
        ValueError: The schema is none of its format.
        MissingExtraError: The format's library is not installed.
    """
    if (known := DECODERS.get(raw_format)) is not None:
        return known
    try:
        module: Any = import_module(f"naftiko_runtime.formats.{raw_format}")
    except ImportError:
        raise MissingExtraError(raw_format) from None
    match raw_format:
        case "avro":
            made: Decode = module.decoder(content)
        case "protobuf":
            made = module.decoder(content or b"", (schema or "").partition("#")[2])
        case _:
            made = module.decoder(schema)
    return made


def decode(raw_format: str, body: bytes, decoding: Decode | None = None, charset: str | None = None) -> Any:
    """Turn a body into a plain value.

    Args:
        raw_format: Its format.
        body: The body, decompressed.
        decoding: What :func:`decoder` made for the format; needed for those that :data:`DECODERS` lacks.
        charset: Of its content type, which a text's own word gives way to.

    Raises:
        Undecodable: It is not in that format.
    """
    try:
        if charset and raw_format in _WITH_CHARSET:
            body = _recoded(raw_format, body, charset)
        return (decoding or DECODERS[raw_format])(body)
    except ValueError as error:
        raise Undecodable(str(error)) from None


def _recoded(raw_format: str, body: bytes, charset: str) -> bytes:
    """A text in UTF-8.

    Raises:
        ValueError: There is no such charset, or the text is not in it.
    """
    try:
        text = body.decode(charset)
    except LookupError:
        raise ValueError(f"its charset '{charset}' is unknown") from None
    recoded = text.encode()
    return _XML_DECLARATION.sub(b"", recoded, count=1) if raw_format == "xml" else recoded
