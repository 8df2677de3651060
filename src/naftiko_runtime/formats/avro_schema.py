"""Compiles Avro schemas to functions that read values as JSON.

Bytes become base64 text, decimals and times their text, enums their symbol, a union the value of its branch. The
values are read here because fastavro recurses in C: with enough nested records, an upstream could end the
process (ADR 8).
"""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from naftiko_runtime.limits import RESPONSE_VALUES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDS_DEPTH_MAX: Final = 64
_VARINT_BITS: Final = 64
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - Avro's local times have no zone
_DAY_SECONDS: Final = 86_400
_DIGITS: Final = {"millis": 3, "micros": 6, "nanos": 9}


class Cursor:
    """A position in a body.

    Attributes:
        data: The body.
        at: The next byte.
        depth: How many records are open.
        left: How many values may follow. A few bytes can encode any number of values.
    """

    __slots__ = ("at", "data", "depth", "left")

    def __init__(self, data: bytes, left: int = RESPONSE_VALUES_MAX) -> None:
        self.data = data
        self.at = 0
        self.depth = 0
        self.left = left

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            ValueError: There are not as many.
        """
        end = self.at + size
        if size < 0 or end > len(self.data):
            raise ValueError("it ends too early")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def count(self, values: int) -> None:
        """Count values before they are read.

        Raises:
            ValueError: They are too many.
        """
        self.left -= values
        if self.left < 0:
            raise ValueError(f"it has more than {RESPONSE_VALUES_MAX:,} values")


Read: TypeAlias = "Callable[[Cursor], Any]"


def compile_schema(text: bytes) -> Read:
    """The reader of a schema's values.

    Raises:
        ValueError: It is no Avro schema.
    """
    try:
        return _SchemaCompiler().compile(json.loads(text), "")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error}") from None


def read_long(cursor: Cursor) -> int:
    """The next int or long.

    Raises:
        ValueError: There is none.
    """
    data, at, bits, number = cursor.data, cursor.at, 0, 0
    while bits < _VARINT_BITS:
        if at >= len(data):
            raise ValueError("it ends too early")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << bits
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            cursor.at = at
            return (number >> 1) ^ -(number & 1)
        bits += 7
    raise ValueError("a number is too long")


def read_bytes(cursor: Cursor) -> bytes:
    """The next bytes, after their length.

    Raises:
        ValueError: There are none.
    """
    return cursor.take(read_long(cursor))


def _read_null(_: Cursor) -> None:
    return None


def _read_boolean(cursor: Cursor) -> bool:
    byte = cursor.take(1)[0]
    if byte > 1:
        raise ValueError("a boolean is neither 0 nor 1")
    return byte == 1


def _read_float(cursor: Cursor) -> float:
    number: float = struct.unpack("<f", cursor.take(4))[0]
    return number


def _read_double(cursor: Cursor) -> float:
    number: float = struct.unpack("<d", cursor.take(8))[0]
    return number


def _read_string(cursor: Cursor) -> str:
    return read_bytes(cursor).decode()


def _encode_base64(data: bytes) -> str:
    return b64encode(data).decode()


_PRIMITIVES: Final[dict[str, Read]] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "int": read_long,
    "long": read_long,
    "float": _read_float,
    "double": _read_double,
    "bytes": lambda cursor: _encode_base64(read_bytes(cursor)),
    "string": _read_string,
}
_COMPLEX: Final = frozenset({"array", "enum", "error", "fixed", "map", "record"})


class _SchemaCompiler:
    """Compiles one schema. A name can be used after its definition."""

    def __init__(self) -> None:
        self._named: dict[str, Read] = {}

    def compile(self, schema: Any, namespace: str) -> Read:
        """The reader of a type within a namespace."""
        match schema:
            case str():
                return self._look_up_type(schema, namespace)
            case list():
                return _compile_union([self.compile(branch, namespace) for branch in schema])
            case {"type": str(kind)} if kind in _COMPLEX:
                return self._compile_complex(schema, namespace)
            case {"type": inner}:
                return _compile_logical(schema) or self.compile(inner, namespace)
            case _:
                raise ValueError(f"this is no Avro type: {_abbreviate(schema)}")

    def _compile_complex(self, schema: dict[str, Any], namespace: str) -> Read:
        match schema:
            case {"type": "record" | "error"}:
                return self._compile_record(schema, namespace)
            case {"type": "enum", "symbols": list(symbols)} if all(isinstance(symbol, str) for symbol in symbols):
                return self._register(schema, namespace, _compile_enum(symbols))
            case {"type": "fixed", "size": int(size)} if size >= 0:
                return self._register(schema, namespace, _compile_fixed(schema, size))
            case {"type": "array", "items": items}:
                return _compile_array(self.compile(items, namespace))
            case {"type": "map", "values": values}:
                return _compile_map(self.compile(values, namespace))
            case _:
                raise ValueError(f"an Avro {schema['type']} lacks what it needs: {_abbreviate(schema)}")

    def _look_up_type(self, name: str, namespace: str) -> Read:
        if (primitive := _PRIMITIVES.get(name)) is not None:
            return primitive
        for full in (_qualify(name, namespace), name):
            if full in self._named:
                return self._named[full]
        raise ValueError(f"there is no Avro type '{name}'")

    def _register(self, schema: dict[str, Any], namespace: str, read: Read) -> Read:
        """Register a type under its name."""
        name = self._get_full_name(schema, namespace)
        if name in self._named:
            raise ValueError(f"the Avro type '{name}' is defined twice")
        self._named[name] = read
        return read

    def _get_full_name(self, schema: dict[str, Any], namespace: str) -> str:
        name = schema.get("name")
        if not isinstance(name, str) or not name:
            raise ValueError(f"an Avro {schema['type']} has no name: {_abbreviate(schema)}")
        own = schema.get("namespace")
        return _qualify(name, own if isinstance(own, str) else namespace)

    def _compile_record(self, schema: dict[str, Any], namespace: str) -> Read:
        fields: list[tuple[str, Read]] = []

        def read(cursor: Cursor) -> dict[str, Any]:
            cursor.depth += 1
            if cursor.depth > RECORDS_DEPTH_MAX:
                raise ValueError("nested too deeply")
            cursor.count(len(fields))
            value = {name: read_field(cursor) for name, read_field in fields}
            cursor.depth -= 1
            return value

        self._register(schema, namespace, read)  # before its fields, which may be of its own type
        inner = self._get_full_name(schema, namespace).rpartition(".")[0]
        fields += [(name, self.compile(of, inner)) for name, of in _iter_fields(schema)]
        return read


def _qualify(name: str, namespace: str) -> str:
    return f"{namespace}.{name}" if namespace and "." not in name else name


def _iter_fields(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and types of a record's fields."""
    fields = schema.get("fields")
    for field in fields if isinstance(fields, list) else (None,):
        match field:
            case {"name": str(name), "type": of}:
                yield name, of
            case _:
                raise ValueError(
                    f"an Avro record has no fields, or one without a name or a type: {_abbreviate(schema)}"
                )


def _abbreviate(schema: Any) -> str:
    text = json.dumps(schema)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - as much as helps to find it


def _compile_union(branches: list[Read]) -> Read:
    def read(cursor: Cursor) -> Any:
        index = read_long(cursor)
        if not 0 <= index < len(branches):
            raise ValueError("a union has no such branch")
        return branches[index](cursor)

    return read


def _compile_enum(symbols: list[str]) -> Read:
    def read(cursor: Cursor) -> str:
        index = read_long(cursor)
        if not 0 <= index < len(symbols):
            raise ValueError("an enum has no such symbol")
        return symbols[index]

    return read


def _read_block_size(cursor: Cursor) -> int:
    """The number of items in the next block of an array or a map. 0 after the last block."""
    items = read_long(cursor)
    if items < 0:
        read_long(cursor)  # the block's size in bytes, for those who skip it
        items = -items
    cursor.count(items)
    return items


def _compile_array(read_item: Read) -> Read:
    def read(cursor: Cursor) -> list[Any]:
        found: list[Any] = []
        while items := _read_block_size(cursor):
            found.extend(read_item(cursor) for _ in range(items))
        return found

    return read


def _compile_map(read_value: Read) -> Read:
    def read(cursor: Cursor) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while items := _read_block_size(cursor):
            for _ in range(items):
                key = _read_string(cursor)
                found[key] = read_value(cursor)
        return found

    return read


def _compile_fixed(schema: dict[str, Any], size: int) -> Read:
    match schema:
        case {"logicalType": "decimal"}:
            return _convert_bytes(lambda cursor: cursor.take(size), _make_decimal_converter(schema))
        case {"logicalType": "duration"} if size == 12:  # noqa: PLR2004 - three numbers of four bytes
            return _convert_bytes(lambda cursor: cursor.take(size), _format_duration)
        case {"logicalType": "uuid"} if size == 16:  # noqa: PLR2004 - a UUID's
            return _convert_bytes(lambda cursor: cursor.take(size), lambda data: str(UUID(bytes=data)))
        case _:
            return _convert_bytes(lambda cursor: cursor.take(size), _encode_base64)


def _convert_bytes(read: Callable[[Cursor], bytes], convert: Callable[[bytes], str]) -> Read:
    return lambda cursor: convert(read(cursor))


def _compile_logical(schema: dict[str, Any]) -> Read | None:
    """The reader of a primitive with a logical type. None for an unknown logical type, which is ignored."""
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
        raise ValueError(f"an Avro decimal has no such scale: {_abbreviate(schema)}")

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
