"""Templates. No value can leave its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree as ET

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.encode_for_place import (
    encode_header,
    encode_json,
    encode_path_segment,
    encode_query,
    escape_json_string,
    escape_xml,
    format_text,
)
from naftiko_runtime.engine.body import compile_body
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.source import parse_source
from naftiko_runtime.template import Placeholder, split_path, split_template
from support.linked import get_request, link_operation, make_document, make_mcp_expose

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = (
    '"',
    "\\",
    '","admin":true,"x":"',
    "{{secret}}",
    "a\nb",
    "</a>",
    "<!-- -->",
    "]]>",
    "&lt;",
    "'",
    "../..",
    "?a=b",
)
TEXT = st.text() | st.sampled_from(HOSTILE)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def names(pieces: tuple[str | Placeholder, ...]) -> list[str]:
    return [piece if isinstance(piece, str) else f"<{piece.name}>" for piece in pieces]


# -- splitting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("plain", ["plain"]),
        ("{{x}}", ["<x>"]),
        ("{{ x }}", ["<x>"]),
        ("a{{x}}b", ["a", "<x>", "b"]),
        ("{{x}}{{y}}", ["<x>", "<y>"]),
        ("{{env.KEY}}", ["<env.KEY>"]),
        ("{{filter[x]}}", ["<filter[x]>"]),
        ("{x}", ["{x}"]),
        ("{{x}", ["{{x}"]),
        ("{{{x}}}", ["{", "<x>", "}"]),
        ('{"a": {{b}}}', ['{"a": ', "<b>", "}"]),
        ("{{x}} }}", ["<x>", " }}"]),
        ("{{größe}}", ["<größe>"]),
    ],
)
def test_splitting(text: str, expected: list[str]) -> None:
    assert names(split_template(text)) == expected


@pytest.mark.parametrize("text", ["{{}}", "{{ }}", "a{{\t}}b"])
def test_an_empty_placeholder_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        split_template(text)


def test_a_placeholder_knows_where_it_stands() -> None:
    assert split_template("ab{{x}}c{{y}}") == ("ab", Placeholder("x", 2), "c", Placeholder("y", 8))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", ["/a"]),
        ("/a/{b}", ["/a/", "<b>"]),
        ("/a/{{b}}", ["/a/", "<b>"]),
        ("/a/{ b }/{{ c }}", ["/a/", "<b>", "/", "<c>"]),
        ("/{a}.{b}", ["/", "<a>", ".", "<b>"]),
        ("/Ships('{id}')", ["/Ships('", "<id>", "')"]),
        ("/x:{action}", ["/x:", "<action>"]),
        ("/{account-id}/{a.b}", ["/", "<account-id>", "/", "<a.b>"]),
    ],
)
def test_splitting_a_path(path: str, expected: list[str]) -> None:
    assert names(split_path(path)) == expected


@pytest.mark.parametrize("path", ["/{", "/}", "/{a", "/a}", "/{}", "/{{}}", "/{a/b}", "/{{a}", "/{{{a}}}"])
def test_a_path_whose_braces_do_not_fit_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"brace|empty"):
        split_path(path)


@given(st.text())
def test_splitting_loses_nothing(text: str) -> None:
    try:
        pieces = split_template(text)
    except ValueError:
        return
    offsets = [piece.offset for piece in pieces if isinstance(piece, Placeholder)]
    assert all(text[offset : offset + 2] == "{{" for offset in offsets)
    if not offsets:
        assert pieces == (text,)


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (True, "true"), (False, "false"), (1, "1"), (1.5, "1.5"), (None, "null"), ([1, "a"], '[1,"a"]')],
)
def test_a_value_as_text(value: Any, expected: str) -> None:
    assert format_text(value) == expected


def test_a_number_keeps_its_spelling_where_json_has_it() -> None:
    version = parse_source(b"v: 1.10", "x.yml").data["v"]
    assert format_text(version) == "1.10"
    assert encode_json({"v": version}) == b'{"v":1.10}'


@given(JSON)
@example(10**40)
@example({"a": [10**40, -(10**40)]})
def test_json_says_the_value(value: Any) -> None:
    assert json.loads(encode_json(value)) == value


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, [10**40, "\udfff"]])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(Unrenderable):
        encode_json(value)


def test_a_value_that_is_nested_too_deep_for_json_is_refused() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Unrenderable):
        encode_json(deep)


@given(TEXT)
def test_a_value_in_a_json_string_is_that_string(text: str) -> None:
    assert orjson.loads(b'{"before":"<' + escape_json_string(text) + b'>","after":1}') == {
        "before": f"<{text}>",
        "after": 1,
    }


@given(TEXT)
def test_a_value_in_a_path_is_one_segment(text: str) -> None:
    try:
        rendered = encode_path_segment(text)
    except Unrenderable:
        assert text in ("", ".", "..")
        return
    parts = urlsplit(f"https://host/base/{rendered}/end")
    assert (parts.netloc, parts.query, parts.fragment) == ("host", "", "")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "base", text, "end"]


@pytest.mark.parametrize("text", ["", ".", "..", "\ud800"])
def test_a_value_that_would_change_the_path_is_refused(text: str) -> None:
    with pytest.raises(Unrenderable):
        encode_path_segment(text)


@given(TEXT)
def test_a_value_in_a_query_is_one_value(text: str) -> None:
    parts = urlsplit(f"https://host/?a={encode_query(text)}&b=1")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("a", text), ("b", "1")]
    assert parts.fragment == ""


@pytest.mark.parametrize("bad", [*map(chr, range(9)), *map(chr, range(10, 32)), "\x7f", "a\r\nx: y", "a\ud800"])
def test_a_header_holds_no_control_character(bad: str) -> None:
    with pytest.raises(Unrenderable) as raised:
        encode_header(f"secret{bad}")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "expected"), [("a b\tc", b"a b\tc"), ("é", "é".encode()), (7, b"7"), (True, b"true")]
)
def test_a_value_in_a_header(value: Any, expected: bytes) -> None:
    assert encode_header(value) == expected


@given(TEXT)
def test_a_value_in_xml_is_text(text: str) -> None:
    try:
        rendered = escape_xml(text)
    except Unrenderable:
        assert any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or ord(c) in (0xFFFE, 0xFFFF) for c in text)
        return
    for text_of_xml in (f"<a>{rendered}</a>", f'<a b="{rendered}"/>', f"<a b='{rendered}'/>"):
        root = ET.fromstring(text_of_xml)  # noqa: S314 - our own text
        assert len(root) == 0
        assert (root.text or root.get("b") or "") == text


# -- values in bodies are data ----------------------------------------------------------------------------------------


def encoder(body: Any, *names: str) -> Callable[[dict[str, Any]], bytes | None]:
    """How a document's body is made from a tool's arguments."""
    inputs = [{"name": name, "required": False} for name in names]
    request = get_request(
        link_operation(make_document({"method": "POST", "body": body}, [make_mcp_expose(inputs=inputs)]))
    )
    assert request.body is not None
    return compile_body(request.body, {})[0]


TREE = encoder({"type": "json", "data": {"a": "{{x}}", "b": "<{{x}}>", "c": ["{{x}}", 1]}}, "x")
RAW = encoder('{"a": "{{x}}", "b": {{x}}, "c": "<{{x}}>", "d": 1}', "x")
KEYED = encoder('{"{{x}}": 1}', "x")
FORM = encoder({"type": "formUrlEncoded", "data": {"a": "{{x}}", "b": 2}}, "x")
XML = encoder({"type": "xml", "data": '<a b="{{x}}">{{x}}</a>'}, "x")
WHOLE = encoder({"type": "json", "data": "{{x}}"}, "x")


def decoded(encode: Callable[[dict[str, Any]], bytes | None], value: Any) -> Any:
    return json.loads(encode({"x": value}) or b"")


@given(TEXT)
def test_a_text_is_data_and_never_rendered_again(text: str) -> None:
    assert decoded(TREE, text) == {"a": text, "b": f"<{text}>", "c": [text, 1]}
    assert decoded(RAW, text) == {"a": text, "b": text, "c": f"<{text}>", "d": 1}
    assert decoded(KEYED, text) == {text: 1}
    assert parse_qsl((FORM({"x": text}) or b"").decode(), keep_blank_values=True) == [("a", text), ("b", "2")]


@given(TEXT)
def test_a_text_in_an_xml_body_stays_in_its_place(text: str) -> None:
    try:
        root = ET.fromstring(XML({"x": text}) or b"")  # noqa: S314 - our own text
    except Unrenderable:
        return
    assert (len(root), root.text or "", root.attrib) == (0, text, {"b": text})


@given(JSON)
def test_a_placeholder_alone_keeps_its_values_type(value: Any) -> None:
    assert decoded(TREE, value)["a"] == value
    assert decoded(RAW, value)["b"] == value
    assert decoded(WHOLE, value) == value


@given(JSON)
def test_a_placeholder_within_a_json_string_gives_text(value: Any) -> None:
    assert decoded(TREE, value)["b"] == (None if value is None else f"<{format_text(value)}>")
    assert decoded(RAW, value)["a"] == (None if value is None else format_text(value))


def test_an_absent_value_leaves_its_key_out_of_a_structure_and_is_null_in_a_raw_text() -> None:
    assert json.loads(TREE({}) or b"") == {"c": [1]}
    assert json.loads(RAW({}) or b"")["b"] is None
    assert FORM({}) == b"b=2"
