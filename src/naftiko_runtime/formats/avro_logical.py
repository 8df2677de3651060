"""Compiles Avro's logical types: decimals, dates, times, durations and UUIDs as text."""

from __future__ import annotations

import json
import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from naftiko_runtime.formats.avro_binary import encode_base64, read_bytes, read_long
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.formats.avro_binary import Cursor, Read

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - Avro's local times have no zone
_DAY_SECONDS: Final = 86_400
_DIGITS: Final = {"millis": 3, "micros": 6, "nanos": 9}


def compile_fixed(schema: dict[str, Any], size: int) -> Read:
    """Return the reader of a fixed type, with its logical type."""
    match schema:
        case {"logicalType": "decimal"}:
            return _convert_bytes(lambda cursor: cursor.take(size), _make_decimal_converter(schema))
        case {"logicalType": "duration"} if size == 12:  # noqa: PLR2004 - three numbers of four bytes
            return _convert_bytes(lambda cursor: cursor.take(size), _format_duration)
        case {"logicalType": "uuid"} if size == 16:  # noqa: PLR2004 - a UUID's
            return _convert_bytes(lambda cursor: cursor.take(size), lambda data: str(UUID(bytes=data)))
        case _:
            return _convert_bytes(lambda cursor: cursor.take(size), encode_base64)


def _convert_bytes(read: Callable[[Cursor], bytes], convert: Callable[[bytes], str]) -> Read:
    return lambda cursor: convert(read(cursor))


def compile_logical(schema: dict[str, Any]) -> Read | None:
    """Return the reader of a primitive with a logical type. None for an unknown logical type, which is ignored."""
    match schema:
        case {"type": "bytes", "logicalType": "decimal"}:
            return _convert_bytes(read_bytes, _make_decimal_converter(schema))
        case {"type": "int", "logicalType": "date"}:
            return _convert_number(lambda days: (_EPOCH + timedelta(days=days)).date().isoformat())
        case {"type": "int" | "long", "logicalType": "time-millis" | "time-micros" as kind}:
            return _convert_number(_make_time_converter(_DIGITS[kind.removeprefix("time-")]))
        case {"type": "long", "logicalType": str(kind)} if (unit := kind.rpartition("timestamp-")[2]) in _DIGITS:
            return _convert_number(_make_timestamp_converter(_DIGITS[unit], "" if kind.startswith("local-") else "Z"))
        case _:
            return None


def _convert_number(convert: Callable[[int], str]) -> Read:
    def read(cursor: Cursor) -> str:
        try:
            return convert(read_long(cursor))
        except OverflowError:
            raise ValueError("a time is out of range") from None

    return read


def _make_decimal_converter(schema: dict[str, Any]) -> Callable[[bytes], str]:
    scale = schema.get("scale", 0)
    if not isinstance(scale, int) or not 0 <= scale <= 1000:  # noqa: PLR2004 - more than any number needs
        raise DescribedError(message_clauses.AVRO_SCALE(schema=abbreviate(schema)))

    def convert(data: bytes) -> str:
        number = int.from_bytes(data, "big", signed=True)
        digits = tuple(map(int, str(abs(number))))
        return f"{Decimal((number < 0, digits, -scale)):f}"

    return convert


def _format_duration(data: bytes) -> str:
    months, days, millis = struct.unpack("<III", data)
    return f"P{months}M{days}DT{millis // 1000}{_format_fraction(millis % 1000, 3)}S"


def _format_fraction(number: int, digits: int) -> str:
    return f".{number:0{digits}d}" if number else ""


def _make_time_converter(digits: int) -> Callable[[int], str]:
    def convert(number: int) -> str:
        seconds, rest = divmod(number, 10**digits)
        if not 0 <= seconds < _DAY_SECONDS:
            raise ValueError("a time is out of range")
        return f"{_EPOCH + timedelta(seconds=seconds):%H:%M:%S}{_format_fraction(rest, digits)}"

    return convert


def _make_timestamp_converter(digits: int, zone: str) -> Callable[[int], str]:
    def convert(number: int) -> str:
        seconds, rest = divmod(number, 10**digits)
        return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()}{_format_fraction(rest, digits)}{zone}"

    return convert


def abbreviate(schema: Any) -> str:
    """Return the beginning of a schema, for messages."""
    text = json.dumps(schema)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - as much as helps to find it
