"""Any input of a caller: the request keeps the form of the document, or the input is rejected."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import Rejected
from support.hostile_values import BASE, VALUES, make_builders

if TYPE_CHECKING:
    from naftiko_runtime.upstream.interface import OutboundRequest

BUILDERS = make_builders()
ITEM = r'(?:"(?:\\.|[^"\\])*"|[^",]+)'
ITEMS = rf"{ITEM}(?:,{ITEM})*"
CALLS = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES})
ONE = st.fixed_dictionaries({}, optional={"a": VALUES})


def deep(levels: int) -> Any:
    value: Any = None
    for _ in range(levels):
        value = [value]
    return value


def built(name: str, values: dict[str, Any]) -> OutboundRequest | None:
    """The request; nothing when it is refused: any other exception is a failure."""
    try:
        return BUILDERS[name].build(Invocation(values=values))
    except Rejected:
        return None


def body(name: str, values: dict[str, Any]) -> bytes | None:
    request = built(name, values)
    return None if request is None or request.body is None else cast("bytes", request.body)


def shown(value: Any, place: str = "") -> str | None:
    """A value's text in a place; nothing when it has none."""
    try:
        text = format_text(value) if not place or not isinstance(value, list) else ",".join(texts_of(value))
        text.encode()
    except ValueError:
        return None
    return text


def finite(value: Any) -> bool:
    match value:
        case dict():
            return all(map(finite, value.values()))
        case list():
            return all(map(finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def carried(value: Any) -> bool:
    """Whether JSON can carry a value."""
    return finite(value) and shown(json.dumps(value, ensure_ascii=False)) is not None


@given(CALLS)
@example({"a": "..", "b": "x"})
@example({"a": "%2e%2e", "b": "/../.."})
def test_a_path_keeps_its_segments(values: dict[str, Any]) -> None:
    request = built("path", values)
    texts = [shown(values[name], "path") if name in values else None for name in "ab"]
    if None in texts or not {"", ".", ".."}.isdisjoint(texts):
        assert request is None
        return
    assert request is not None
    assert re.fullmatch(re.escape(BASE) + r"[A-Za-z0-9/._~%,-]*", request.url)
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("http", "upstream.example:8443", "", "")
    segments = [unquote(segment, errors="strict") for segment in parts.path.split("/")]
    if isinstance(values["a"], list):  # an encoded comma is an item's own
        items = [unquote(item) for item in parts.path.split("/")[3].split(",")]
        assert items == texts_of(values["a"])
    assert segments == ["", "v1", "ships", texts[0], f"x-{texts[1]}.json", "end"]
    assert not {".", ".."}.intersection(segments)


@given(CALLS)
@example({"a": "x\r\nX-Evil: 1"})
@example({"a": ["\r\n", "&b=1"], "b": "; three=3"})
def test_query_headers_and_cookies_keep_their_names(values: dict[str, Any]) -> None:
    request = built("fields", values)
    if request is None:
        assert any(
            shown(value, "header") is None
            or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", shown(value, "header") or "")
            or (isinstance(value, list) and "," in "".join(texts_of(value)))
            for value in values.values()
        )
        return
    sent = {name: value for name, value in values.items() if not isinstance(value, list) or texts_of(value)}
    names = ["x-a"] * ("a" in sent) + ["x-b"] * ("b" in values) + ["cookie"] * bool(sent)
    assert sorted(name.decode() for name, _ in request.headers) == sorted(
        ["accept", "accept-encoding", "user-agent", *names]
    )
    assert not any(re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value) for _, value in request.headers)
    headers = dict(request.headers)
    cookies = [pair.split("=", 1) for pair in headers.get(b"cookie", b"").decode().split("; ") if pair]
    wanted = {name: shown(sent[given], "cookie") for name, given in (("one", "a"), ("two", "b")) if given in sent}
    kept = {name: value if value == wanted[name] else unquote(value) for name, value in cookies}
    assert kept == wanted
    assert len(cookies) == len(wanted)
    fields = parse_qsl(
        urlsplit(request.url).query, keep_blank_values=True, strict_parsing=bool(urlsplit(request.url).query)
    )
    assert [value for name, value in fields if name == "a"] == texts_of(values.get("a"))
    assert [value for name, value in fields if name != "a"] == [f"b:{text}" for text in given_text(values, "b")]
    if isinstance(values.get("a"), list) and "a" in sent:
        assert re.fullmatch(ITEMS, headers[b"x-a"].decode())


def given_text(values: dict[str, Any], name: str) -> list[str]:
    return [shown(values[name], "query") or ""] if name in values else []


def texts_of(value: Any) -> list[str]:
    """The values of a field that repeats for a list."""
    items = value if isinstance(value, list) else [value]
    return [format_text(item) for item in items if item is not None]


@given(CALLS)
@example({"a": deep(190)})
@example({"a": [math.nan, None]})
@example({"a": {"\ud800": 1}})
def test_a_structured_body_keeps_its_keys(values: dict[str, Any]) -> None:
    encoded = body("tree", values)
    if encoded is None:
        assert not all(map(carried, values.values()))
        return
    expected: dict[str, Any] = {"in": [{}]}
    if "a" in values:
        expected = {"whole": values["a"], "in": [{"a": values["a"]}]}
    if "b" in values:
        expected["part"] = f"<{format_text(values['b'])}>"
    assert json.loads(encoded) == expected


@given(CALLS)
@example({"a": 'x", "y": "', "b": '", "admin": true, "x": "'})
@example({"b": "\\"})
def test_a_body_written_as_json_keeps_its_shape(values: dict[str, Any]) -> None:
    encoded = body("raw", values)
    if encoded is None:
        assert not all(map(carried, values.values()))
        return
    pairs = json.loads(encoded, object_pairs_hook=list)
    given = format_text(values["b"]) if "b" in values else None
    assert [name for name, _ in pairs] == ["bare", "quoted", "part", f"{given or ''}~"]
    assert json.loads(encoded)["bare"] == [values.get("a")]
    assert [pairs[1][1], pairs[2][1]] == [given, None if given is None else f"<{given}>"]


@given(ONE)
def test_a_value_that_is_the_body_arrives_as_it_was(values: dict[str, Any]) -> None:
    encoded = body("all", values)
    if encoded is None:
        assert "a" not in values or not carried(values["a"])
    else:
        assert json.loads(encoded) == values["a"]


@pytest.mark.parametrize("name", ["tree", "raw", "all"])
@pytest.mark.parametrize("levels", [190, 300, 900, 100_000])
def test_nesting_is_carried_or_refused(name: str, levels: int) -> None:
    encoded = body(name, {"a": deep(levels)})
    assert encoded is not None or levels > 190


def bracketed(value: Any, *, top: bool = True) -> list[tuple[str, Any]]:
    """The scalars of a value with their brackets, as forms have them."""
    match value:
        case dict():
            return [(f"[{key}]{rest}", leaf) for key, v in value.items() for rest, leaf in bracketed(v, top=False)]
        case list() if any(isinstance(item, dict | list) for item in value):
            numbered = list(enumerate(value))
            return [(f"[{n}]{rest}", leaf) for n, v in numbered for rest, leaf in bracketed(v, top=False)]
        case list():
            return [("" if top else "[]", item) for item in value if item is not None]
    return [] if value is None else [("", value)]


@given(CALLS)
@example({"a": "x&c=2", "b": "\ud800"})
@example({"a": {"k": [1, {"x": []}], "l": [1, None]}})
def test_a_form_keeps_its_fields(values: dict[str, Any]) -> None:
    encoded = body("form", values)
    if encoded is None:
        assert any(shown(value) is None for value in values.values())
        return
    fields = [(f"a{rest}", format_text(leaf)) for rest, leaf in bracketed(values.get("a"))]
    fields += [("b", f"<{text}>") for text in given_text(values, "b")]
    assert parse_qsl(encoded.decode("ascii"), keep_blank_values=True, strict_parsing=True) == [*fields, ("c", "1")]


@given(CALLS)
def test_a_form_written_as_text_keeps_its_fields(values: dict[str, Any]) -> None:
    encoded = body("text-form", values)
    if encoded is None:
        assert any(shown(value) is None for value in values.values())
        return
    fields = [(name, format_text(values[name]) if name in values else "") for name in "ab"]
    assert parse_qsl(encoded.decode("ascii"), keep_blank_values=True, strict_parsing=True) == [*fields, ("c", "1")]


@given(CALLS)
@example({"a": "</a><evil/>", "b": "' evil='1"})
@example({"a": "\r\n\t", "b": "\r\n\t"})
def test_xml_keeps_its_elements(values: dict[str, Any]) -> None:
    encoded = body("xml", values)
    texts = {name: shown(values[name]) if name in values else "" for name in "ab"}
    if encoded is None:
        assert any(
            text is None or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text) for text in texts.values()
        )
        return
    root = ET.fromstring(encoded)  # noqa: S314 - it is our own, and a document type in it would be the finding
    assert [element.tag for element in root.iter()] == ["r", "a", "c"]
    assert root.attrib == {"b": texts["b"], "c": texts["b"]}
    assert (root[0].text or "", root[1].tail or "") == (texts["a"], texts["b"])


@given(CALLS)
@example({"a": "x> . } ; DROP ALL #", "b": '" } ; DROP ALL #'})
@example({"a": "x", "b": "\\u0022 } DROP ALL #"})
@example({"a": "x", "b": "\\"})
def test_a_query_keeps_its_iris_and_strings(values: dict[str, Any]) -> None:
    encoded = body("sparql", values)
    if encoded is None:
        assert any((text := shown(value)) is None or "\\u" in text.lower() for value in values.values())
        return
    string = r"(?:[^\x22\x27\x5c\n\r]|\\[tbnrf\\\"'])*"
    shape = rf"""ASK \{{ <http://x/[^\x00-\x20<>"{{}}|^`\\]*> :p "{string}" , '{string}' \. \}}"""
    assert re.fullmatch(shape, encoded.decode())


@given(ONE)
def test_text_is_what_was_given(values: dict[str, Any]) -> None:
    encoded = body("text", values)
    text = shown(values["a"]) if "a" in values else ""
    assert encoded == (None if text is None else f"a={text};".encode())
