"""Avro: one record by the schema of ``outputSchema``, or an object container file, which brings its own.

Bytes become base64 text, decimals and times their text. Needs the extra ``avro``.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import fastavro

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTAINER: Final = b"Obj\x01"


def decoder(schema: bytes | None) -> Callable[[bytes], Any]:
    """The decoder for a schema; without one only container files can be read.

    Raises:
        ValueError: It is no Avro schema.
    """
    parsed: Any = None
    if schema is not None:
        try:
            parsed = fastavro.parse_schema(json.loads(schema))
        except (ValueError, TypeError, KeyError, fastavro.schema.SchemaParseException) as error:
            raise ValueError(f"it is no Avro schema: {error}") from None

    def decode(body: bytes) -> Any:
        """Decode a record, or the list of a container file's records.

        Raises:
            ValueError: It does not fit the schema.
        """
        stream, contained = io.BytesIO(body), body.startswith(_CONTAINER)
        if parsed is None and not contained:
            raise ValueError("it is no container file, and 'outputSchema' names no schema")
        try:
            if contained:
                return _plain(list(fastavro.reader(stream)))
            value = _plain(fastavro.schemaless_reader(stream, parsed, None))
        except Exception as error:  # noqa: BLE001 - the library lets through whatever its readers stumble over
            raise ValueError(f"it does not fit the schema ({type(error).__name__})") from None
        if stream.read(1):
            raise ValueError("it goes on behind the record")
        return value

    return decode


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case bytes():
            return b64encode(value).decode()
        case datetime() | date() | time():
            return value.isoformat()
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return str(value)
