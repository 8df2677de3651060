"""Our Avro reader compared with fastavro, and hostile data."""

from __future__ import annotations

import base64
import bz2
import contextlib
import io
import json
import lzma
import zlib
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import DecodeError, decode, make_decoder
from naftiko_runtime.limits import RESPONSE_BYTES_MAX

SYNC = b"0123456789abcdef"
NODE = {"type": "record", "name": "N", "fields": [{"name": "next", "type": ["null", "N"]}]}


def schemas() -> st.SearchStrategy[tuple[Any, st.SearchStrategy[Any]]]:
    """Schemas, and for each the values that fit it."""
    leaf = st.sampled_from(
        [
            ("null", st.none()),
            ("boolean", st.booleans()),
            ("int", st.integers(-(2**31), 2**31 - 1)),
            ("long", st.integers(-(2**63), 2**63 - 1)),
            ("double", st.floats(allow_nan=False)),
            ("float", st.floats(width=32, allow_nan=False)),
            ("string", st.text()),
            ("bytes", st.binary()),
        ]
    )
    return st.recursive(leaf, _nested, max_leaves=6)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(lambda of: ({"type": "array", "items": of[0]}, st.lists(of[1], max_size=4))),
        inner.map(lambda of: ({"type": "map", "values": of[0]}, st.dictionaries(st.text(), of[1], max_size=4))),
        inner.map(lambda of: ({"type": of[0]} if isinstance(of[0], str) else of[0], of[1])),
        st.lists(inner, max_size=3).map(_record),
        st.lists(st.text("ABC", min_size=1), min_size=1, unique=True).map(
            lambda names: (_named({"type": "enum", "symbols": names}), st.sampled_from(names))
        ),
        st.integers(1, 5).map(lambda n: (_named({"type": "fixed", "size": n}), st.binary(min_size=n, max_size=n))),
    )


_numbers = iter(range(10**9))


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "name": f"n{next(_numbers)}"}


def _record(fields: list[Any]) -> tuple[Any, st.SearchStrategy[Any]]:
    names = [f"f{number}" for number in range(len(fields))]
    spec = [{"name": name, "type": of[0]} for name, of in zip(names, fields, strict=True)]
    values = {name: of[1] for name, of in zip(names, fields, strict=True)}
    return _named({"type": "record", "fields": spec}), st.fixed_dictionaries(values)


def written(schema: Any, value: Any) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return stream.getvalue()


def plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def read(schema: Any, body: bytes) -> Any:
    return decode("avro", body, make_decoder("avro", "x.avsc", json.dumps(schema).encode()))


@given(st.data())
@pytest.mark.no_cover
def test_it_reads_what_fastavro_writes(data: st.DataObject) -> None:
    schema, values = data.draw(schemas().filter(lambda drawn: _once_named(drawn[0])))
    value = data.draw(values)
    assert read(schema, written(schema, value)) == plain(value)


def _once_named(schema: Any) -> bool:
    """Whether no name is defined twice, which a drawn part that is used twice would do."""
    try:
        make_decoder("avro", "x", json.dumps(schema).encode())
    except ValueError:
        return False
    return True


@given(st.data(), st.binary(max_size=60))
def test_nothing_else_is_raised(data: st.DataObject, body: bytes) -> None:
    schema, _ = data.draw(schemas().filter(lambda drawn: _once_named(drawn[0])))
    with contextlib.suppress(DecodeError):
        json.dumps(read([schema, NODE], body))


@pytest.mark.parametrize(
    ("schema", "body", "value"),
    [
        ({"type": "int", "logicalType": "date"}, b"\x01", "1969-12-31"),
        ({"type": "int", "logicalType": "time-millis"}, b"\xd0\x0f", "00:00:01"),
        ({"type": "long", "logicalType": "time-micros"}, b"\x02", "00:00:00.000001"),
        ({"type": "long", "logicalType": "timestamp-millis"}, b"\x01", "1969-12-31T23:59:59.999Z"),
        ({"type": "long", "logicalType": "timestamp-micros"}, b"\x00", "1970-01-01T00:00:00Z"),
        ({"type": "long", "logicalType": "timestamp-nanos"}, b"\x02", "1970-01-01T00:00:00.000000001Z"),
        ({"type": "long", "logicalType": "local-timestamp-millis"}, b"\x02", "1970-01-01T00:00:00.001"),
        ({"type": "long", "logicalType": "other"}, b"\x02", 1),
        ({"type": "string", "logicalType": "uuid"}, b"\x02a", "a"),
        ({"type": "fixed", "name": "f", "size": 2}, b"ab", "YWI="),
        (
            {"type": "fixed", "name": "f", "size": 16, "logicalType": "uuid"},
            SYNC,
            "30313233-3435-3637-3839-616263646566",
        ),
        (
            {"type": "fixed", "name": "f", "size": 12, "logicalType": "duration"},
            b"\x01\0\0\0\x02\0\0\0\xdc\x05\0\0",
            "P1M2DT1.500S",
        ),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, b"\x04\xff\x38", "-2.00"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4}, b"\x00", "0"),
        (
            {"type": "bytes", "logicalType": "decimal", "scale": 3},
            b"\x18" + b"\x7f" * 12,
            "39458731918868905389725810.559",
        ),
        ({"type": "fixed", "name": "f", "size": 1, "logicalType": "decimal", "scale": 1}, b"\x7f", "12.7"),
        (["null", NODE], b"\x02\x02\x00", {"next": {"next": None}}),
        ({"type": "array", "items": "int"}, b"\x03\x04\x02\x04\x00", [1, 2]),
        (
            {
                "type": "record",
                "name": "a.b.R",
                "fields": [
                    {"name": "x", "type": {"type": "enum", "name": "E", "symbols": ["P", "Q"]}},
                    {"name": "y", "type": "E"},
                    {"name": "z", "type": ["null", "a.b.E"]},
                ],
            },
            b"\x00\x02\x02\x02",
            {"x": "P", "y": "Q", "z": "Q"},
        ),
    ],
)
def test_values(schema: Any, body: bytes, value: Any) -> None:
    assert read(schema, body) == value


@pytest.mark.parametrize(
    ("schema", "body", "words"),
    [
        (NODE, b"\x02" * 5_000_000, "nested too deeply"),
        ({"type": "record", "name": "A", "fields": [{"name": "a", "type": "A"}]}, b"", "nested too deeply"),
        ({"type": "array", "items": "null"}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x00", "more than"),
        ({"type": "array", "items": "null"}, b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00", "more than"),
        ({"type": "array", "items": "null"}, b"\x80\x80\x7a" * 3 + b"\x00", "more than"),
        (["null", "int"], b"\x01", "no such branch"),
        (["null", "int"], b"\x04", "no such branch"),
        ({"type": "enum", "name": "e", "symbols": ["a"]}, b"\x02", "no such symbol"),
        ("string", b"\x01abc", "too early"),
        ("string", b"\x08abc", "too early"),
        ("string", b"\x02\xff", "utf-8"),
        ("long", b"\xff" * 11, "too long"),
        ("double", b"1234567", "too early"),
        ("boolean", b"\x02", "neither 0 nor 1"),
        ({"type": "int", "logicalType": "date"}, b"\xfe\xff\xff\xff\x0f", "out of range"),
        ({"type": "int", "logicalType": "time-millis"}, b"\x01", "out of range"),
        ({"type": "long", "logicalType": "timestamp-millis"}, b"\xfe" + b"\xff" * 8 + b"\x01", "out of range"),
    ],
)
def test_faults(schema: Any, body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        read(schema, body)


def container(schema: Any, block: bytes, count: int, codec: str = "null") -> bytes:
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    head = written({"type": "map", "values": "bytes"}, meta)
    return b"Obj\x01" + head + SYNC + written("long", count) + written("bytes", block) + SYNC


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("codec", "pack"),
    [("null", bytes), ("deflate", deflated), ("bzip2", bz2.compress), ("xz", lzma.compress)],
)
def test_container_files(codec: str, pack: Any) -> None:
    assert decode("avro", container("string", pack(b"\x02a\x04bc"), 2, codec), make_decoder("avro")) == ["a", "bc"]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_container_files_of_fastavro(codec: str) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}
    records = [{"a": number} for number in range(2000)]
    stream = io.BytesIO()
    fastavro.writer(stream, fastavro.parse_schema(schema), records, codec=codec, sync_interval=500)
    assert decode("avro", stream.getvalue(), make_decoder("avro")) == records


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (container(NODE, b"\x02" * 1_000_000, 1), "nested too deeply"),
        (container("null", b"", 2**60), "more than"),
        (container("bytes", deflated(bytes(RESPONSE_BYTES_MAX + 1)), 1, "deflate"), "larger than"),
        (container("bytes", bz2.compress(bytes(RESPONSE_BYTES_MAX + 1)), 1, "bzip2"), "larger than"),
        (container("bytes", lzma.compress(bytes(RESPONSE_BYTES_MAX + 1)), 1, "xz"), "larger than"),
        (container("string", b"\x02a", 1, "deflate"), "broken"),
        (container("string", b"\x02a", 1, "bzip2"), "broken"),
        (container("string", b"\x02a", 1, "xz"), "broken"),
        (container("string", b"\x02a", 1, "snappy"), "codec 'snappy' is not supported"),
        (container("string", b"\x02ab", 1), "bytes after the value"),
        (container("nope", b"", 0), "unknown Avro type 'nope'"),
    ],
)
def test_hostile_container_files(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("avro", body, make_decoder("avro"))


AVRO: dict[str, Any] = {
    "type": "record",
    "name": "Ship",
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "tons", "type": ["null", "double"]},
        {"name": "photo", "type": "bytes"},
        {"name": "built", "type": {"type": "int", "logicalType": "date"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}
SHIP = {"name": "Anna", "tons": None, "photo": b"\xff", "built": 18262, "price": b"\x0c\x80", "tags": ["a"]}
PLAIN = {"name": "Anna", "tons": None, "photo": "/w==", "built": "2020-01-01", "price": "32.00", "tags": ["a"]}


def avro_body(*, container: bool = False) -> bytes:
    stream = io.BytesIO()
    if container:
        fastavro.writer(stream, fastavro.parse_schema(AVRO), [SHIP])
    else:
        fastavro.schemaless_writer(stream, fastavro.parse_schema(AVRO), SHIP)
    return stream.getvalue()


def test_a_record_and_a_container_file() -> None:
    schema = json.dumps(AVRO).encode()
    assert decode("avro", avro_body(), make_decoder("avro", "ship.avsc", schema)) == PLAIN
    assert decode("avro", avro_body(container=True), make_decoder("avro")) == [PLAIN]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (b"{", "not valid JSON"),
        (b"\xff", "utf-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"type":' * 5000 + b'"int"' + b"}" * 5000, "nested too deeply"),
        (b'{"type": "nope"}', "unknown Avro type 'nope'"),
        (b"7", "not an Avro type: 7"),
        (b'{"type": "record", "name": "a"}', "no fields"),
        (b'{"type": "record", "name": "a", "fields": [{"name": "b"}]}', "without a name or a type"),
        (b'{"type": "record", "fields": []}', "has no name"),
        (b'{"type": "enum", "name": "a"}', "has missing keys"),
        (b'{"type": "fixed", "name": "a", "size": -1}', "has missing keys"),
        (b'[{"type": "fixed", "name": "a", "size": 1}, {"type": "fixed", "name": "a", "size": 1}]', "twice"),
        (b'{"type": "bytes", "logicalType": "decimal", "scale": -1}', "no such scale"),
    ],
)
def test_an_invalid_schema_is_rejected(schema: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_decoder("avro", "x", schema)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x02", "too early"),
        (avro_body() + b"x", "bytes after the value"),
        (b"Obj\x01nonsense", "too early"),
        (b"Obj\x01\x00" + b"s" * 16, "has no schema"),
        (avro_body(container=True)[:-1] + b"x", "has no valid end"),
    ],
)
def test_a_body_that_does_not_fit_the_schema_is_rejected(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("avro", body, make_decoder("avro", "x", json.dumps(AVRO).encode()))
