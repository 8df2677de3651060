"""Protocol Buffers as plain values, and hostile messages."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import DecodeError, compile_schema, decode, make_decoder
from naftiko_runtime.loading import load

if TYPE_CHECKING:
    from pathlib import Path

KIND = descriptor_pb2.FieldDescriptorProto
WELL_KNOWN = ("Any", "Timestamp", "Duration", "Struct", "Value", "ListValue", "Int64Value", "BytesValue", "FieldMask")


@cache
def schema() -> descriptor_pb2.FileDescriptorSet:
    """What ``protoc --include_imports`` writes for a message with one field of each kind."""
    files = descriptor_pb2.FileDescriptorSet()
    imported = (any_pb2, timestamp_pb2, duration_pb2, struct_pb2, wrappers_pb2, field_mask_pb2)
    for module in imported:
        module.DESCRIPTOR.CopyToProto(files.file.add())
    names = [module.DESCRIPTOR.name for module in imported]
    file = files.file.add(name="m.proto", package="p", syntax="proto3", dependency=names)
    enum = file.enum_type.add(name="E")
    enum.value.add(name="NONE", number=0)
    enum.value.add(name="ONE", number=1)
    message = file.message_type.add(name="M")
    for number, name in enumerate(WELL_KNOWN, start=1):
        _field(message, name.lower(), number, KIND.TYPE_MESSAGE, type_name=f".google.protobuf.{name}")
    _field(message, "big", 20, KIND.TYPE_UINT64)
    _field(message, "self", 21, KIND.TYPE_MESSAGE, type_name=".p.M")
    _field(message, "e", 22, KIND.TYPE_ENUM, type_name=".p.E")
    _field(message, "data", 23, KIND.TYPE_BYTES)
    _field(message, "many", 24, KIND.TYPE_MESSAGE, label=KIND.LABEL_REPEATED, type_name=".p.M")
    message.oneof_decl.add(name="_maybe")
    _field(message, "maybe", 25, KIND.TYPE_INT32, proto3_optional=True, oneof_index=0)
    entry = message.nested_type.add(name="FlagsEntry")
    entry.options.map_entry = True
    _field(entry, "key", 1, KIND.TYPE_BOOL)
    _field(entry, "value", 2, KIND.TYPE_ENUM, type_name=".p.E")
    _field(message, "flags", 26, KIND.TYPE_MESSAGE, label=KIND.LABEL_REPEATED, type_name=".p.M.FlagsEntry")
    return files


def _field(message: Any, name: str, number: int, kind: int, label: int = KIND.LABEL_OPTIONAL, **more: Any) -> None:
    message.field.add(name=name, number=number, type=kind, label=label, **more)


@cache
def kind() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for file in schema().file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.M"))


def read(body: bytes) -> Any:
    return decode("protobuf", body, make_decoder("protobuf", "m.desc", schema().SerializeToString()))


NOTHING = {"big": 0, "e": "NONE", "data": "", "many": [], "flags": {}}


def test_fields_without_presence_are_always_there() -> None:
    assert read(b"") == NOTHING


def test_every_kind_of_field() -> None:
    message = kind()(big=2**63, data=b"\xff", e=1, maybe=0)
    message.self.e = 7
    message.many.add(e=1)
    message.flags[True] = 1
    message.flags[False] = 9
    assert read(message.SerializeToString()) == {
        "big": 2**63,
        "data": "/w==",
        "e": "ONE",
        "maybe": 0,
        "self": {**NOTHING, "e": 7},
        "many": [{**NOTHING, "e": "ONE"}],
        "flags": {"true": "ONE", "false": 9},
    }


def test_messages_of_google() -> None:
    message = kind()()
    message.timestamp.FromJsonString("2024-01-02T03:04:05.5Z")
    message.duration.FromJsonString("3.5s")
    message.struct.update({"a": [1, {"b": None}]})
    message.value.string_value = "x"
    message.listvalue.extend([True, "2"])
    message.int64value.value = 2**60
    message.bytesvalue.value = b"\xff"
    message.fieldmask.paths.append("a.b")
    message.any.Pack(timestamp_pb2.Timestamp(seconds=1))
    assert read(message.SerializeToString()) == {
        **NOTHING,
        "timestamp": "2024-01-02T03:04:05.500Z",
        "duration": "3.500s",
        "struct": {"a": [1, {"b": None}]},
        "value": "x",
        "listvalue": [True, "2"],
        "int64value": 2**60,
        "bytesvalue": "/w==",
        "fieldmask": "a.b",
        "any": {"@type": "type.googleapis.com/google.protobuf.Timestamp", "value": "1970-01-01T00:00:01Z"},
    }


def _nested(levels: int) -> bytes:
    body = b""
    for _ in range(levels):
        body = b"\xaa\x01" + _varint(len(body)) + body
    return body


def _varint(number: int) -> bytes:
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])


def _packed_in_itself(levels: int) -> bytes:
    body = b""
    for _ in range(levels):
        body = any_pb2.Any(type_url="x/google.protobuf.Any", value=body).SerializeToString()
    return b"\x0a" + _varint(len(body)) + body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff", "it is not a valid p.M"),
        (_nested(5000), "it is not a valid p.M"),
        (_packed_in_itself(2000), "a value cannot be converted to JSON"),
        (kind()(any={"type_url": "nope", "value": b"1"}).SerializeToString(), "a value cannot be converted to JSON"),
        (kind()(any={"type_url": "x/p.M", "value": b"\xff"}).SerializeToString(), "it is not a valid p.M"),
        (kind()(timestamp={"seconds": 2**62}).SerializeToString(), "Timestamp is not valid"),
        (kind()(value={"number_value": float("nan")}).SerializeToString(), "NaN"),
        (b"\xc2\x01\x00" * 200_000, "more than"),
    ],
)
def test_faults(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        read(body)


@given(st.binary(max_size=80))
def test_nothing_else_is_raised(body: bytes) -> None:
    with contextlib.suppress(DecodeError):
        json.dumps(read(body))


def descriptors() -> bytes:
    """What ``protoc`` writes for two messages of one file."""
    files = descriptor_pb2.FileDescriptorSet()
    file = files.file.add(name="ships.proto", package="fleet", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message in ("Ship", "Port"):
        described = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(
            (("full_name", kinds.TYPE_STRING), ("tons", kinds.TYPE_INT32), ("photo", kinds.TYPE_BYTES)), start=1
        ):
            described.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    return files.SerializeToString()


def partial_descriptors() -> bytes:
    """What ``protoc`` writes without ``--include_imports``."""
    files = descriptor_pb2.FileDescriptorSet()
    files.file.add(name="ships.proto", dependency=["ports.proto"]).message_type.add(name="Ship")
    return files.SerializeToString()


def test_a_message_of_a_descriptor_set() -> None:
    decoding = make_decoder("protobuf", "ships.desc#fleet.Ship", descriptors())
    assert decode("protobuf", b"\x0a\x04Anna\x10\x07", decoding) == {"full_name": "Anna", "tons": 7, "photo": ""}


@pytest.mark.parametrize(
    ("schema", "content", "words"),
    [
        ("x", b"\xff", "not a descriptor set, and its name does not end in .proto; compile it with protoc"),
        ("x", partial_descriptors(), "not a complete descriptor set.*--include_imports"),
        ("x", b"", "protoc"),
        ("x#fleet.Nope", descriptors(), "it has fleet.Ship, fleet.Port"),
        ("x", descriptors(), "several messages"),
    ],
)
def test_an_invalid_schema_is_rejected(schema: str, content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_decoder("protobuf", schema, content)


def test_a_body_that_is_no_such_message_is_rejected() -> None:
    with pytest.raises(DecodeError, match=r"not a valid fleet\.Ship"):
        decode("protobuf", b"\xff\xff", make_decoder("protobuf", "x#fleet.Ship", descriptors()))


PROTO = """
syntax = "proto3";
package fleet;
import "google/protobuf/timestamp.proto";
import "ports/port.proto";
message Ship {
  string full_name = 1;
  int64 tons = 2;
  Port home = 3;
  map<string, int32> crew = 4;
  google.protobuf.Timestamp built = 5;
}
"""
PORT = 'syntax = "proto3"; package fleet; message Port { string name = 1; repeated Port near = 2; }'


DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
    - namespace: api
      baseUri: https://api.example
      resources: [{path: /x, operations: [{name: get, outputRawFormat: protobuf, outputSchema: SCHEMA}]}]
  exposes:
    - type: mcp
      namespace: tools
      port: 9090
      tools: [{name: get, description: Gets, call: api.get, outputParameters: [{type: string, mapping: $.name}]}]
"""


def proto_messages(folder: Path, schema: str) -> list[str]:
    text = DOCUMENT.replace("SCHEMA", f'"{schema}"')
    (folder / "x.yml").write_text(text)
    return [found.message for found in load(folder / "x.yml").diagnostics]


def test_a_proto_file_is_compiled(tmp_path: Path) -> None:
    (tmp_path / "ports").mkdir()
    (tmp_path / "ships").mkdir()
    (tmp_path / "ships" / "ship.proto").write_text(PROTO)
    (tmp_path / "ports" / "port.proto").write_text(PORT)
    content = compile_schema("protobuf", tmp_path / "ships" / "ship.proto", [tmp_path])
    body = b"\x0a\x04Anna\x10\x07\x1a\x04\x0a\x02NL"
    expected = {"full_name": "Anna", "tons": 7, "home": {"name": "NL", "near": []}, "crew": {}}
    for name in ("ship.proto", "ship.proto#fleet.Ship"):
        assert decode("protobuf", body, make_decoder("protobuf", name, content)) == expected
    for name in ("ships/ship.proto", "ships/ship.proto#fleet.Ship", "file://./ships/ship.proto", "ports/port.proto"):
        assert proto_messages(tmp_path, name) == []
    assert "no message 'fleet.Boat'" in proto_messages(tmp_path, "ships/ship.proto#fleet.Boat")[0]


def test_a_proto_file_that_does_not_compile_is_reported(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "port.proto").write_text(PORT)
    (inside / "link.proto").symlink_to(tmp_path / "port.proto")
    head = 'syntax = "proto3"; '
    for text, words in (
        (head + "message Ship {", "ship.proto:1"),
        (head + "message Ship { Boat b = 1; }", "Boat"),
        (head + 'import "none.proto"; message Ship {}', "none.proto"),
        (head + 'import "../port.proto"; message Ship {}', "below"),
        (head + 'import "link.proto"; message Ship {}', "below"),
        (head + "message M {" * 100_000 + "}" * 100_000, "invalid"),
        (head, "no messages"),
        ("\xff", "invalid"),
    ):
        (inside / "ship.proto").write_text(text, "latin-1")
        (message,) = proto_messages(inside, "ship.proto")
        assert words in message
