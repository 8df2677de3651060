"""Upstream answers from bytes to plain values; one file a format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TypeAlias

from naftiko_runtime.formats import json, separated, xml, yaml

Decode: TypeAlias = Callable[..., Any]
"""From a body, and for :data:`TEXTS` its charset where that is known, to a plain value."""

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

TEXTS: Final = frozenset({"xml", "csv", "tsv", "psv", "html", "markdown"})
"""Formats whose charset the content type tells; JSON and YAML are UTF-8 whatever it says."""


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
        charset: Of its content type, for :data:`TEXTS` only; a text's own word gives way to it.

    Raises:
        Undecodable: It is not in that format.
    """
    run = decoding or DECODERS[raw_format]
    try:
        return run(body) if charset is None else run(body, charset)
    except ValueError as error:
        raise Undecodable(str(error)) from None
