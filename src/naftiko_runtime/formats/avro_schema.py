"""Compiles Avro schemas to functions that read values as JSON.

Bytes become base64 text, decimals and times their text, enums their symbol, a union the value of its branch. The
values are read here because fastavro recurses in C: with enough nested records, an upstream could end the
process (ADR 8).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.formats.avro_binary import PRIMITIVES, read_block_size, read_long, read_string
from naftiko_runtime.formats.avro_logical import abbreviate, compile_fixed, compile_logical
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.formats.avro_binary import Cursor, Read

RECORDS_DEPTH_MAX: Final = 64


def compile_schema(text: bytes) -> Read:
    """Return the reader of a schema's values.

    Raises:
        ValueError: It is no Avro schema.
    """
    try:
        return _SchemaCompiler().compile(json.loads(text), "")
    except RecursionError:
        raise DescribedError(message_clauses.SCHEMA_DEPTH()) from None
    except json.JSONDecodeError as error:
        raise DescribedError(message_clauses.SCHEMA_NOT_JSON(problem=str(error))) from None


_COMPLEX: Final = frozenset({"array", "enum", "error", "fixed", "map", "record"})


class _SchemaCompiler:
    """Compiles one schema. A name can be used after its definition."""

    def __init__(self) -> None:
        self._named: dict[str, Read] = {}

    def compile(self, schema: Any, namespace: str) -> Read:
        """Return the reader of a type within a namespace."""
        match schema:
            case str():
                return self._look_up_type(schema, namespace)
            case list():
                return _compile_union([self.compile(branch, namespace) for branch in schema])
            case {"type": str(kind)} if kind in _COMPLEX:
                return self._compile_complex(schema, namespace)
            case {"type": inner}:
                return compile_logical(schema) or self.compile(inner, namespace)
            case _:
                raise DescribedError(message_clauses.AVRO_NO_TYPE(schema=abbreviate(schema)))

    def _compile_complex(self, schema: dict[str, Any], namespace: str) -> Read:
        match schema:
            case {"type": "record" | "error"}:
                return self._compile_record(schema, namespace)
            case {"type": "enum", "symbols": list(symbols)} if all(isinstance(symbol, str) for symbol in symbols):
                return self._register(schema, namespace, _compile_enum(symbols))
            case {"type": "fixed", "size": int(size)} if size >= 0:
                return self._register(schema, namespace, compile_fixed(schema, size))
            case {"type": "array", "items": items}:
                return _compile_array(self.compile(items, namespace))
            case {"type": "map", "values": values}:
                return _compile_map(self.compile(values, namespace))
            case _:
                raise DescribedError(message_clauses.AVRO_KEYS(type=schema["type"], schema=abbreviate(schema)))

    def _look_up_type(self, name: str, namespace: str) -> Read:
        if (primitive := PRIMITIVES.get(name)) is not None:
            return primitive
        for full in (_qualify(name, namespace), name):
            if full in self._named:
                return self._named[full]
        raise DescribedError(message_clauses.AVRO_UNKNOWN(name=name))

    def _register(self, schema: dict[str, Any], namespace: str, read: Read) -> Read:
        """Register a type under its name."""
        name = self._get_full_name(schema, namespace)
        if name in self._named:
            raise DescribedError(message_clauses.AVRO_TWICE(name=name))
        self._named[name] = read
        return read

    def _get_full_name(self, schema: dict[str, Any], namespace: str) -> str:
        name = schema.get("name")
        if not isinstance(name, str) or not name:
            raise DescribedError(message_clauses.AVRO_NO_NAME(type=schema["type"], schema=abbreviate(schema)))
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
    """Yield names and types of a record's fields."""
    fields = schema.get("fields")
    for field in fields if isinstance(fields, list) else (None,):
        match field:
            case {"name": str(name), "type": of}:
                yield name, of
            case _:
                raise DescribedError(message_clauses.AVRO_FIELDS(schema=abbreviate(schema)))


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


def _compile_array(read_item: Read) -> Read:
    def read(cursor: Cursor) -> list[Any]:
        found: list[Any] = []
        while items := read_block_size(cursor):
            found.extend(read_item(cursor) for _ in range(items))
        return found

    return read


def _compile_map(read_value: Read) -> Read:
    def read(cursor: Cursor) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while items := read_block_size(cursor):
            for _ in range(items):
                key = read_string(cursor)
                found[key] = read_value(cursor)
        return found

    return read
