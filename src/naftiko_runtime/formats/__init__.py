"""Decodes responses of upstreams to plain values. One module for each format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats import csv, json, xml, yaml
from naftiko_runtime.formats.decode_text import decode_text
from naftiko_runtime.formats.decoder_type import Decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "DECODERS",
    "WITH_FILE",
    "Decode",
    "DecodeError",
    "MissingExtraError",
    "compile_schema",
    "decode",
    "make_decoder",
    "read_json",
]

DECODERS: Final[dict[str, Decode]] = {
    "json": json.decode,
    "xml": xml.decode,
    "yaml": yaml.decode,
    "csv": csv.make_decoder(","),
    "tsv": csv.make_decoder("\t"),
    "psv": csv.make_decoder("|"),
    "text": decode_text,
}
"""The formats that need only the body."""

WITH_FILE: Final = frozenset({"avro", "protobuf"})
"""Formats whose ``outputSchema`` is a file."""


class DecodeError(ValueError):
    """A body that is not in the format of ``outputRawFormat``."""


class MissingExtraError(Exception):
    """A format whose library is not installed."""


def make_decoder(raw_format: str, schema: str | None = None, content: bytes | None = None) -> Decode:
    """Return the decoder of a format.

    Args:
        raw_format: As ``outputRawFormat`` names it; ``binary`` has no decoder.
        schema: The ``outputSchema``: a selector, the beginning of a heading, or a file's name.
        content: The content of the schema file, for the formats that have one.

    Raises:
        ValueError: The schema is invalid for the format.
        MissingExtraError: The format's library is not installed.
    """
    if (known := DECODERS.get(raw_format)) is not None:
        return known
    module = _import_format(raw_format)
    match raw_format:
        case "avro":
            made: Decode = module.make_decoder(content)
        case "protobuf":
            made = module.make_decoder(content or b"", (schema or "").partition("#")[2])
        case _:
            made = module.make_decoder(schema)
    return made


def compile_schema(raw_format: str, file: Path, folders: Sequence[Path]) -> bytes | None:
    """Compile a schema file, with all that it imports. None if the format uses the file itself.

    Args:
        raw_format: As for :func:`make_decoder`.
        file: The schema file.
        folders: Where files may be read.

    Raises:
        ValueError: It does not compile.
        MissingExtraError: As for :func:`make_decoder`.
    """
    if raw_format != "protobuf" or file.suffix != ".proto":
        return None
    try:
        compiled: bytes = _import_format(raw_format).compile_proto(file, folders)
    except ImportError:
        raise MissingExtraError(raw_format) from None
    return compiled


def _import_format(raw_format: str) -> Any:
    try:
        return import_module(f"naftiko_runtime.formats.{raw_format}")
    except ImportError:
        raise MissingExtraError(raw_format) from None


def decode(
    raw_format: str,
    body: bytes,
    decoding: Decode | None = None,
    charset: str | None = None,
    notes: Irregularities | None = None,
) -> Any:
    """Decode a body to a plain value, leniently.

    Args:
        raw_format: Its format.
        body: The body, decompressed.
        decoding: What :func:`make_decoder` made for the format; needed for those that :data:`DECODERS` lacks.
        charset: The charset of its content type.
        notes: Counts irregular rows and values. One such value does not affect the others.

    Raises:
        DecodeError: It is not in that format.
    """
    try:
        return (decoding or DECODERS[raw_format])(body, charset, notes or Irregularities())
    except ValueError as error:
        raise DecodeError(str(error)) from None


def read_json(body: bytes) -> Any:
    """Parse strict JSON. A byte order mark is allowed.

    Raises:
        DecodeError: It is not.
    """
    try:
        return json.parse_regular(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise DecodeError(str(error)) from None
