"""Formats that need a library or a schema of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import fastavro
import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import DecodeError, compile_schema, decode, make_decoder
from naftiko_runtime.limits import DOCUMENT_BYTES_MAX
from naftiko_runtime.loading import load
from naftiko_runtime.response_irregularities import Irregularities

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


def partial_descriptors() -> bytes:
    """What ``protoc`` writes without ``--include_imports``."""
    files = descriptor_pb2.FileDescriptorSet()
    files.file.add(name="ships.proto", dependency=["ports.proto"]).message_type.add(name="Ship")
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
    assert decode("avro", avro_body(), make_decoder("avro", "ship.avsc", schema)) == PLAIN
    assert decode("avro", avro_body(container=True), make_decoder("avro")) == [PLAIN]


def test_protobuf() -> None:
    decoding = make_decoder("protobuf", "ships.desc#fleet.Ship", descriptors())
    assert decode("protobuf", b"\x0a\x04Anna\x10\x07", decoding) == {"full_name": "Anna", "tons": 7, "photo": ""}


def test_html() -> None:
    first = [{"Name": "Anna", "Tons": "12", "3": "é", "": ["more"]}, {"Name": "Otto", "Tons": "", "3": ""}]
    assert decode("html", PAGE.encode(), make_decoder("html")) == {"tables": [first, [{"other": "1"}]]}
    assert decode("html", PAGE.encode("latin-1"), make_decoder("html", "table.x"), "iso-8859-1") == {"tables": [first]}
    assert decode("html", PAGE.encode(), make_decoder("html", "body, table")) == {"tables": [first, [{"other": "1"}]]}
    assert decode("html", PAGE.encode(), make_decoder("html", "#none")) == {"tables": []}
    for empty in (b"", b" ", b"</x>", b"<!-- -->", b"text"):
        assert decode("html", empty, make_decoder("html")) == {"tables": []}
    for empty in (b"<table></table>", b"<table><tr></tr></table>", b"<table><tr><th>A</table>"):
        assert decode("html", empty, make_decoder("html")) == {"tables": [[]]}


@pytest.mark.parametrize(
    ("rows", "tables"),
    [
        ("<tr><th>A<th>A<th><th>B<tr><td>1<td>2<td>3<td>4", [[{"A": "2", "3": "3", "B": "4"}]]),
        ("<tr><th>A<th>B<tr><td rowspan=2>1<td>2<tr><td>3", [[{"A": "1", "B": "2"}, {"A": "1", "B": "3"}]]),
        ("<tr><th>A<th>B<tr><td>1<td rowspan=0>2<tr><td>3<tr>", [[{"A": "1", "B": "2"}, {"A": "3", "B": "2"}]]),
        ("<tr><th>A<th>B<tr><td colspan=2>1", [[{"A": "1", "B": "1"}]]),
        ("<tr><th>A<th>B<tr><td colspan=x>1<td rowspan=-1>2", [[{"A": "1", "B": "2"}]]),
        ("<tr><th colspan=2>A<th>B<tr><td>1<td>2<td>3", [[{"A": "1", "A 2": "2", "B": "3"}]]),
        ("<tr><th>A<tr><td>1<br>2 <p>3</p><i>4</i>5<script>6</script><!--7-->&amp;", [[{"A": "1 2 3 45&"}]]),
        ("<tr><th>A<tr><td>1<table><tr><td>B<tr><td>2</table>3", [[{"A": "1 3"}], [{"B": "2"}]]),
        ("<tr><th>A<th>B<tr><th>1<td>2<tr><th>3", [[{"A": "1", "B": "2"}, {"A": "3", "B": ""}]]),
        ("<caption>C</caption><thead><tr><th>A<th>B</thead><tbody><tr><td>1<td>2</tbody><tfoot><tr><td>3<td>4</tfoot>",
         [[{"A": "1", "B": "2"}, {"A": "3", "B": "4"}]]),
        ("<thead><tr><th colspan=2>Group<tr><th>A<th>B</thead><tr><td>1<td>2", [[{"A": "1", "B": "2"}]]),
    ],
)  # fmt: skip
def test_the_cells_of_html(rows: str, tables: list[Any]) -> None:
    assert decode("html", f"<p>x<table>{rows}</table>y".encode(), make_decoder("html")) == {"tables": tables}


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<meta charset="ISO-8859-1"><table><tr><td>a<tr><td>é</table>'.encode("latin-1"), None),
        (
            '<meta http-equiv=x content="text/html; charset=windows-1252"><table><tr><td>a<tr><td>é'.encode("cp1252"),
            None,
        ),
        ("<table><tr><td>a<tr><td>é</table>".encode("utf-16"), None),
        ("<meta charset=utf-16><table><tr><td>a<tr><td>é</table>".encode(), None),
        ('<meta charset="utf-8"><table><tr><td>a<tr><td>é</table>'.encode("latin-1"), "latin1"),
    ],
)
def test_what_html_is_in(body: bytes, charset: str | None) -> None:
    assert decode("html", body, make_decoder("html"), charset) == {"tables": [[{"a": "é"}]]}


def test_markdown() -> None:
    value = decode("markdown", TEXT.encode(), make_decoder("markdown"))
    assert value.keys() == {"frontMatter", "tables", "sections"}
    assert value["frontMatter"] == {"title": "Fleet", "tags": ["a", "b"]}
    assert value["tables"] == [[{"Name": "Anna", "Tons": "12"}, {"Name": "Otto", "Tons": ""}]]
    before, ships, *rest = value["sections"]
    assert before == {"heading": "", "level": 0, "content": "Before *it*."}
    assert (ships["heading"], ships["level"]) == ("Ships", 1)
    assert ships["content"].startswith("All of them.\n\n| Name | Tons |")
    assert rest == [
        {"heading": "Old ones", "level": 2, "content": "- none"},
        {"heading": "Ports", "level": 1, "content": ""},
    ]


@pytest.mark.parametrize(
    ("prefix", "headings"),
    [
        ("# Sh", ["Ships", "Old ones"]),
        ("Sh", ["Ships", "Old ones"]),
        ("Old", ["Old ones"]),
        ("## Old", ["Old ones"]),
        ("# Old", []),
        ("##", ["Old ones"]),
        ("#", ["Ships", "Old ones", "Ports"]),
        ("Nothing", []),
        ("  Ports ", ["Ports"]),
        ("", ["", "Ships", "Old ones", "Ports"]),
    ],
)
def test_sections_begin_as_told(prefix: str, headings: list[str]) -> None:
    value = decode("markdown", TEXT.encode(), make_decoder("markdown", prefix))
    assert [section["heading"] for section in value["sections"]] == headings
    assert len(value["tables"]) == ("Ships" in headings)


def test_front_matter_that_is_no_yaml_is_counted() -> None:
    notes = Irregularities()
    value = decode("markdown", b"---\na: [\n---\n# A", make_decoder("markdown"), notes=notes)
    assert value["frontMatter"] == {}
    assert [section["heading"] for section in value["sections"]] == ["A"]
    assert notes.count == 1


@pytest.mark.parametrize(
    ("raw_format", "schema", "content", "words"),
    [
        ("avro", "x", b"{", "no JSON"),
        ("avro", "x", b"\xff", "utf-8"),
        ("avro", "x", b"[" * 100_000, "nested too deeply"),
        ("avro", "x", b'{"type":' * 5000 + b'"int"' + b"}" * 5000, "nested too deeply"),
        ("avro", "x", b'{"type": "nope"}', "no Avro type 'nope'"),
        ("avro", "x", b"7", "no Avro type: 7"),
        ("avro", "x", b'{"type": "record", "name": "a"}', "no fields"),
        ("avro", "x", b'{"type": "record", "name": "a", "fields": [{"name": "b"}]}', "without a name or a type"),
        ("avro", "x", b'{"type": "record", "fields": []}', "has no name"),
        ("avro", "x", b'{"type": "enum", "name": "a"}', "lacks what it needs"),
        ("avro", "x", b'{"type": "fixed", "name": "a", "size": -1}', "lacks what it needs"),
        (
            "avro",
            "x",
            b'[{"type": "fixed", "name": "a", "size": 1}, {"type": "fixed", "name": "a", "size": 1}]',
            "twice",
        ),
        ("avro", "x", b'{"type": "bytes", "logicalType": "decimal", "scale": -1}', "no such scale"),
        ("protobuf", "x", b"\xff", "no descriptor set, and its name does not end in .proto; compile it with protoc"),
        ("protobuf", "x", partial_descriptors(), "no whole descriptor set.*--include_imports"),
        ("protobuf", "x", b"", "protoc"),
        ("protobuf", "x#fleet.Nope", descriptors(), "it has fleet.Ship, fleet.Port"),
        ("protobuf", "x", descriptors(), "several messages"),
        ("html", "table[", None, "no CSS selector"),
        ("html", "table::before", None, "no CSS selector"),
        ("html", "table:nope", None, "no CSS selector"),
    ],
)
def test_bad_schemas(raw_format: str, schema: str, content: bytes | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_decoder(raw_format, schema, content)


@pytest.mark.parametrize(
    ("raw_format", "body", "charset", "words"),
    [
        ("avro", b"\x02", None, "too early"),
        ("avro", avro_body() + b"x", None, "goes on"),
        ("avro", b"Obj\x01nonsense", None, "too early"),
        ("avro", b"Obj\x01\x00" + b"s" * 16, None, "has no schema"),
        ("avro", avro_body(container=True)[:-1] + b"x", None, "does not end as it must"),
        ("protobuf", b"\xff\xff", None, "no fleet.Ship"),
        ("html", b"<div>" * 300, None, "nested too deeply"),
        ("html", b"<table><tr><td>" * 300, None, "nested too deeply"),
        ("html", b"<table>" + b"<tr><td colspan=1000>" * 3000, None, "more than"),
        ("html", b"<table><tr>" + b"<td rowspan=0>" * 3000 + b"<tr><td>" * 3000, None, "more than"),
    ],
)
def test_faults(raw_format: str, body: bytes, charset: str | None, words: str) -> None:
    schemas = {"avro": json.dumps(AVRO).encode(), "protobuf": descriptors()}
    decoding = make_decoder(raw_format, "x#fleet.Ship" if raw_format == "protobuf" else None, schemas.get(raw_format))
    with pytest.raises(DecodeError, match=words):
        decode(raw_format, body, decoding, charset)


def test_the_charset_of_the_content_type_counts() -> None:
    cdata = "<r><![CDATA[<?xml version='1.0'?>x]]></r>"
    assert decode("xml", cdata.encode("utf-16"), None, "UTF-16") == {"": "<?xml version='1.0'?>x"}
    assert (
        decode("markdown", "# é".encode("cp1252"), make_decoder("markdown"), "windows-1252")["sections"][0]["heading"]
        == "é"
    )
    assert decode("psv", "\ufeffa|b\nж|2".encode("utf-16"), None, "utf-16") == [{"a": "ж", "b": "2"}]
    assert decode("csv", "a\né".encode("latin-1"), None, "ISO-8859-1") == [{"a": "é"}]
    body = "<?xml version='1.0' encoding='utf-8'?><r>é</r>".encode("latin-1")
    assert decode("xml", body, None, "latin1") == {"": "é"}


@pytest.mark.parametrize(
    "label", ["nonsense", "idna", "unicode_escape", "base64", "hex", "rot13", "zlib", "undefined", "\xe9", "..", "mbcs"]
)
def test_a_label_that_is_no_charset_is_passed_over(label: str) -> None:
    for raw_format, body, value in (
        ("csv", "a\né", [{"a": "é"}]),
        ("json", '"é"', "é"),
        ("xml", "<r><a>é</a></r>", {"a": "é"}),
    ):
        assert decode(raw_format, body.encode(), None, label) == value


@given(st.binary(), st.sampled_from(["avro", "protobuf", "html", "markdown"]))
def test_any_bytes_decode_or_are_refused(body: bytes, raw_format: str) -> None:
    content = {"avro": json.dumps(AVRO).encode(), "protobuf": descriptors()}.get(raw_format)
    decoding = make_decoder(raw_format, "x#fleet.Ship" if raw_format == "protobuf" else None, content)
    for given_body in (body, b"Obj\x01" + body):
        with contextlib.suppress(DecodeError):
            json.dumps(decode(raw_format, given_body, decoding))


@given(st.text("-#| a1*\n`>[]()!", max_size=60))
def test_any_markdown_has_sections(text: str) -> None:
    value = decode("markdown", text.encode(), make_decoder("markdown"))
    assert all(section.keys() == {"level", "heading", "content"} for section in value["sections"])


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
    assert "must be below" in told["../ship.avsc"][0]
    assert "must be below" in told["link.avsc"][0]


def test_a_schema_of_an_imported_file_stands_beside_that(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    head, _, tail = DOCUMENT.partition("  exposes:")
    consumes = head.replace("capability:\n  consumes", "consumes").replace("SCHEMA", "../ship.avsc")
    (shared / "api.yml").write_text(consumes)
    importing = "naftiko: 1.0.0-alpha2\ncapability:\n  consumes: [{location: shared/api.yml, import: api}]\n  exposes:"
    (tmp_path / "x.yml").write_text(importing + tail)
    (tmp_path / "ship.avsc").write_text(json.dumps(AVRO))
    assert load(tmp_path / "x.yml").diagnostics == ()
    (shared / "api.yml").write_text(consumes.replace("../ship", "ship"))
    (found,) = load(tmp_path / "x.yml").diagnostics
    assert (found.rule.slug, Path(str(found.span).partition(":")[0]).name) == ("invalid-value", "api.yml")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.avsc")
    (tmp_path / "large.avsc").write_bytes(b" " * (DOCUMENT_BYTES_MAX + 1))
    (tmp_path / "circle.avsc").symlink_to(tmp_path / "circle.avsc")
    told = {}
    for name in ("pipe.avsc", "large.avsc", "circle.avsc", '"nul\\0"'):
        (tmp_path / "x.yml").write_text(DOCUMENT.replace("SCHEMA", name))
        told[name], *_ = (found.message for found in load(tmp_path / "x.yml").diagnostics)
    assert "not a regular file" in told["pipe.avsc"]
    assert "larger than" in told["large.avsc"]
    assert "invalid 'outputSchema'" in told['"nul\\0"']
    assert "circle" in told["circle.avsc"] or "symbolic links" in told["circle.avsc"]


@pytest.mark.parametrize(("raw_format", "library"), [("html", "lxml"), ("protobuf", "google.protobuf")])
def test_a_library_that_is_not_there_is_told_before_anything_runs(
    raw_format: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"naftiko_runtime.formats.{raw_format}", raising=False)
    monkeypatch.delattr(f"naftiko_runtime.formats.{raw_format}", raising=False)
    (tmp_path / "x").write_bytes(b"")
    (tmp_path / "x.yml").write_text(DOCUMENT.replace("avro", raw_format).replace("SCHEMA", "x"))
    (found,) = load(tmp_path / "x.yml").diagnostics
    assert (found.rule.slug, found.help) == (
        "not-served-yet",
        f"in a checkout of naftiko-runtime: pip install '.[{raw_format}]'",
    )


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


def proto_messages(folder: Path, schema: str) -> list[str]:
    text = DOCUMENT.replace("avro", "protobuf").replace("SCHEMA", f'"{schema}"')
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


def test_a_proto_file_that_does_not_compile_is_told(tmp_path: Path) -> None:
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
