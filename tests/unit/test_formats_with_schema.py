"""Formats that need a library or a schema of their own."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import Undecodable, decode, decoder
from naftiko_runtime.load import load

if TYPE_CHECKING:
    from pathlib import Path

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
PAGE = """<html><body><table class="x"><tr><th>Name</th><th> Tons\n </th><th></th></tr>
<tr><td>Anna</td><td><b>1</b>2</td><td>é</td><td>more</td></tr><tr><td>Otto</td></tr></table>
<table><tr><td>other</td></tr><tr><td>1</td></tr></table></body></html>"""
TEXT = """---
title: Fleet
tags: [a, b]
---
Before *it*.

# Ships
All of them.

| Name | Tons |
| --- | --- |
| Anna | 12 |
| Otto | |

## Old ones
- none

# Ports
"""


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


def avro_body(*, container: bool = False) -> bytes:
    stream = io.BytesIO()
    if container:
        fastavro.writer(stream, fastavro.parse_schema(AVRO), [SHIP])
    else:
        fastavro.schemaless_writer(stream, fastavro.parse_schema(AVRO), SHIP)
    return stream.getvalue()


def test_avro() -> None:
    schema = json.dumps(AVRO).encode()
    assert decode("avro", avro_body(), decoder("avro", "ship.avsc", schema)) == PLAIN
    assert decode("avro", avro_body(container=True), decoder("avro")) == [PLAIN]


def test_protobuf() -> None:
    decoding = decoder("protobuf", "ships.desc#fleet.Ship", descriptors())
    assert decode("protobuf", b"\x0a\x04Anna\x10\x07", decoding) == {"full_name": "Anna", "tons": 7, "photo": ""}


def test_html() -> None:
    first = [{"Name": "Anna", "Tons": "1 2", "3": "é", "4": "more"}, {"Name": "Otto"}]
    assert decode("html", PAGE.encode(), decoder("html")) == [*first, {"other": "1"}]
    assert decode("html", PAGE.encode("latin-1"), decoder("html", "table.x"), "iso-8859-1") == first
    assert decode("html", b"", decoder("html")) == []


def test_markdown() -> None:
    ships = {"level": 1, "heading": "Ships", "tables": [[{"Name": "Anna", "Tons": "12"}, {"Name": "Otto", "Tons": ""}]]}
    old = {"level": 2, "heading": "Old ones", "text": "- none", "tables": []}
    value = decode("markdown", TEXT.encode(), decoder("markdown"))
    assert value["front"] == {"title": "Fleet", "tags": ["a", "b"]}
    before, found, *rest = value["sections"]
    assert before == {"level": 0, "heading": "", "text": "Before *it*.", "tables": []}
    assert ships.items() <= found.items()
    assert rest == [old, {"level": 1, "heading": "Ports", "text": "", "tables": []}]
    below = decode("markdown", TEXT.encode(), decoder("markdown", "# Sh"))
    assert [section["heading"] for section in below["sections"]] == ["Ships", "Old ones"]


@pytest.mark.parametrize(
    ("raw_format", "schema", "content", "words"),
    [
        ("avro", "x", b"{", "no Avro schema"),
        ("avro", "x", b'{"type": "nope"}', "no Avro schema"),
        ("protobuf", "x", b"\xff", "protoc"),
        ("protobuf", "x", b"", "protoc"),
        ("protobuf", "x#fleet.Nope", descriptors(), "it has fleet.Ship, fleet.Port"),
        ("protobuf", "x", descriptors(), "several messages"),
        ("html", "table[", None, "no CSS selector"),
        ("markdown", "Results", None, "write '## Results'"),
    ],
)
def test_bad_schemas(raw_format: str, schema: str, content: bytes | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decoder(raw_format, schema, content)


@pytest.mark.parametrize(
    ("raw_format", "body", "charset", "words"),
    [
        ("avro", b"\x02", None, "does not fit"),
        ("avro", avro_body() + b"x", None, "goes on"),
        ("avro", b"Obj\x01nonsense", None, "does not fit"),
        ("protobuf", b"\xff\xff", None, "no such message"),
        ("html", b"\xff", None, "utf-8"),
        ("markdown", b"---\na: [\n---\n", None, "expected node"),
        ("csv", "é".encode(), "nonsense", "charset 'nonsense' is unknown"),
        ("csv", "é".encode(), "ascii", "ascii"),
    ],
)
def test_faults(raw_format: str, body: bytes, charset: str | None, words: str) -> None:
    schemas = {"avro": json.dumps(AVRO).encode(), "protobuf": descriptors()}
    decoding = decoder(raw_format, "x#fleet.Ship" if raw_format == "protobuf" else None, schemas.get(raw_format))
    with pytest.raises(Undecodable, match=words):
        decode(raw_format, body, decoding, charset)


def test_the_charset_of_the_content_type_counts() -> None:
    assert decode("csv", "a\né".encode("latin-1"), None, "ISO-8859-1") == [{"a": "é"}]
    body = "<?xml version='1.0' encoding='utf-8'?><r>é</r>".encode("latin-1")
    assert decode("xml", body, None, "latin1") == "é"


@given(st.binary(), st.sampled_from(["avro", "protobuf", "html", "markdown"]))
def test_any_bytes_decode_or_are_refused(body: bytes, raw_format: str) -> None:
    content = {"avro": json.dumps(AVRO).encode(), "protobuf": descriptors()}.get(raw_format)
    decoding = decoder(raw_format, "x#fleet.Ship" if raw_format == "protobuf" else None, content)
    for given_body in (body, b"Obj\x01" + body):
        with contextlib.suppress(Undecodable):
            json.dumps(decode(raw_format, given_body, decoding))


@given(st.text("-#| a1*\n`>[]()!", max_size=60))
def test_any_markdown_has_sections(text: str) -> None:
    value = decode("markdown", text.encode(), decoder("markdown"))
    assert all(section.keys() == {"level", "heading", "text", "tables"} for section in value["sections"])


DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
    - namespace: api
      baseUri: https://api.example
      resources: [{path: /x, operations: [{name: get, outputRawFormat: avro, outputSchema: SCHEMA}]}]
  exposes:
    - type: mcp
      namespace: tools
      port: 9090
      tools: [{name: get, description: Gets, call: api.get, outputParameters: [{type: string, mapping: $.name}]}]
"""


def test_a_schema_stands_beside_the_document(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "ship.avsc").write_text(json.dumps(AVRO))
    (folder / "link.avsc").symlink_to(tmp_path / "ship.avsc")
    told = {}
    for name in ("ship.avsc", "./ship.avsc", "file://./ship.avsc", "missing.avsc", "../ship.avsc", "link.avsc"):
        (folder / "x.yml").write_text(DOCUMENT.replace("SCHEMA", name))
        told[name] = [found.message for found in load(folder / "x.yml").diagnostics]
    assert [found for name, found in told.items() if "inside" not in name][:3] == [[]] * 3
    assert "No such file" in told["missing.avsc"][0]
    assert "may not leave" in told["../ship.avsc"][0]
    assert "may not leave" in told["link.avsc"][0]
