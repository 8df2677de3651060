"""Output shapes: from JSON to results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.document.parameters import Output
from naftiko_runtime.jsonpath import JsonPathError
from naftiko_runtime.link.output_shapes import is_identity
from naftiko_runtime.mapping.compile import compile_shapes
from support.shapes import make_mapping, make_shapes

SHIP = {
    "imo": 9321483,
    "name": "Emma",
    "crew": [{"name": "Ann", "age": 41}, {"name": "Bo", "age": "7"}],
    "ports": {"a": {"code": "AAR"}, "b": {"code": "BLL"}},
    "full name": "Emma M",
}


def shaped(value: Any, *outputs: dict[str, Any]) -> Any:
    return make_mapping(*outputs).make(value)


@pytest.mark.parametrize(
    "output",
    [
        {"type": "object", "mapping": "$"},
        {"type": "object", "mapping": "$."},
        {"type": "array", "mapping": "$."},
        {"type": "string", "mapping": "$."},
        {"type": "object"},
        {"type": "array"},
        {},
    ],
)
def test_the_response_as_it_is(output: dict[str, Any]) -> None:
    assert is_identity(Output.model_validate(output))
    assert make_shapes(output) == ()


def test_no_outputs_are_the_response_as_it_is() -> None:
    assert make_shapes() == ()


@pytest.mark.parametrize(
    "output",
    [
        {"mapping": "$.a"},
        {"mapping": "$", "properties": {"a": {}}},
        {"mapping": "$", "maxLength": 3},
        {"mapping": {"properties": {"a": {}}}},
        {"value": "x"},
        {"const": 0},
        {"type": "string"},
    ],
)
def test_what_is_shaped(output: dict[str, Any]) -> None:
    assert not is_identity(Output.model_validate(output))


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("string", "$.name", "Emma"),
        ("string", "$.imo", "9321483"),
        ("integer", "$.imo", 9321483),
        ("number", "$.crew[1].age", 7),
        ("string", "$.full name", "Emma M"),
        ("object", "$.ports.a", {"code": "AAR"}),
        ("array", "$.crew[*].name", ["Ann", "Bo"]),
        ("array", "$..code", ["AAR", "BLL"]),
        ("array", "$.crew[?(@.age > 40)].name", ["Ann"]),
        ("string", "$.absent", None),
        ("object", "$.absent.deeper", None),
        ("array", "$.absent", None),
        ("array", "$.name", ["Emma"]),
        ("array", "$.ports.a", [{"code": "AAR"}]),
    ],
)
def test_a_mapping(kind: str, path: str, expected: Any) -> None:
    assert shaped(SHIP, {"type": kind, "mapping": path}) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", 1.5, "1.5"),
        ("string", True, "true"),
        ("string", [1], [1]),
        ("string", None, None),
        ("number", "1.50", 1.5),
        ("number", "-3", -3),
        ("number", "1e3", 1000.0),
        ("number", "1e999", "1e999"),
        ("number", "007", "007"),
        ("number", "NaN", "NaN"),
        ("number", "abc", "abc"),
        ("number", "", ""),
        ("number", True, True),
        ("integer", "12", 12),
        ("integer", 12.0, 12),
        ("integer", "12.0", 12),
        ("integer", 12.5, 12.5),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("boolean", "yes", "yes"),
        ("boolean", 1, 1),
    ],
)
def test_a_scalar_gets_its_type_where_it_can(kind: str, value: Any, expected: Any) -> None:
    found = shaped({"x": value}, {"type": kind, "mapping": "$.x"})
    assert found == expected
    assert isinstance(found, type(expected))


def test_a_long_text_is_cut() -> None:
    assert shaped(SHIP, {"type": "string", "mapping": "$.name", "maxLength": 2}) == "Em"
    assert shaped(SHIP, {"type": "string", "mapping": "$.imo", "maxLength": 2}) == "93"
    assert shaped({"x": None}, {"type": "string", "mapping": "$.x", "maxLength": 2}) is None


def test_an_object_of_properties_keeps_their_order_and_missing_ones_as_null() -> None:
    output = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "mapping": "$.name"},
            "absent": {"type": "string", "mapping": "$.nothing"},
            "at": {
                "type": "object",
                "mapping": "$.ports.a",
                "properties": {"c": {"type": "string", "mapping": "$.code"}},
            },
            "gone": {
                "type": "object",
                "mapping": "$.nope",
                "properties": {"c": {"type": "string", "mapping": "$.code"}},
            },
        },
    }
    found = shaped(SHIP, output)
    assert found == {"title": "Emma", "absent": None, "at": {"c": "AAR"}, "gone": None}
    assert list(found) == ["title", "absent", "at", "gone"]


def test_an_array_of_items() -> None:
    items = {"type": "object", "properties": {"who": {"type": "string", "mapping": "$.name"}}}
    output = {"type": "array", "mapping": "$.crew", "items": items}
    assert shaped(SHIP, output) == [{"who": "Ann"}, {"who": "Bo"}]
    assert shaped({"crew": {"name": "Cy"}}, output) == [{"who": "Cy"}]
    assert shaped({"crew": []}, output) == []
    assert shaped({}, output) is None


def test_a_map_over_a_keyed_object() -> None:
    output = {"type": "object", "mapping": "$.ports", "values": {"type": "string", "mapping": "$.code"}}
    assert shaped(SHIP, output) == {"a": "AAR", "b": "BLL"}
    assert shaped({"ports": [1]}, output) is None


def test_the_older_spelling_means_the_same() -> None:
    properties = {"who": {"type": "string", "mapping": "$.name"}}
    old: dict[str, Any] = {"type": "object", "mapping": {"properties": properties}}
    assert shaped(SHIP, old) == shaped(SHIP, {"type": "object", "properties": properties}) == {"who": "Emma"}
    old = {"type": "array", "mapping": {"items": {"type": "object", "properties": properties}}}
    assert shaped(SHIP["crew"], old) == [{"who": "Ann"}, {"who": "Bo"}]


@pytest.mark.parametrize(
    ("output", "expected"),
    [({"value": "x"}, "x"), ({"type": "number", "const": 0}, 0), ({"const": False}, False), ({"const": [1]}, [1])],
)
def test_a_constant_needs_no_response(output: dict[str, Any], expected: Any) -> None:
    assert shaped(None, output) == expected


def test_the_first_output_that_yields_a_value_is_the_result() -> None:
    outputs: list[dict[str, Any]] = [
        {"type": "string", "mapping": "$.error"},
        {"type": "string", "mapping": "$.name"},
        {"type": "string", "value": "last"},
    ]
    assert shaped({"error": "e", "name": "n"}, *outputs) == "e"
    assert shaped({"name": "n"}, *outputs) == "n"
    assert shaped({}, *outputs) == "last"
    assert shaped({}, *outputs[:2]) is None


@pytest.mark.parametrize("value", [False, 0, "", [], {}])
def test_what_is_false_is_a_value_too(value: Any) -> None:
    assert shaped({"x": value}, {"type": "object", "mapping": "$.x"}, {"value": "other"}) == value


def test_the_response_is_not_changed() -> None:
    before = {"crew": {"name": "Ann"}}
    shaped(before, {"type": "array", "mapping": "$.crew", "items": {"type": "string", "mapping": "$.name"}})
    assert before == {"crew": {"name": "Ann"}}


def test_a_path_that_does_not_compile_is_an_error() -> None:
    with pytest.raises(JsonPathError):
        make_mapping({"properties": {"x": {"mapping": "$["}}})


KINDS = st.sampled_from(["string", "number", "integer", "boolean", "array", "object"])
PATHS = st.sampled_from(["$", "$.a", "$.a[*]", "$..b", "$[0]", "$.a[?(@.b > 1)].c"])
OUTPUTS = st.recursive(
    st.builds(lambda kind, path: {"type": kind, "mapping": path}, KINDS, PATHS),
    lambda inner: st.builds(
        lambda path, kind, one: {"mapping": path, kind: {"a": one} if kind == "properties" else one},
        PATHS,
        st.sampled_from(["properties", "items", "values"]),
        inner,
    ),
    max_leaves=4,
)
RESPONSES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "1", "1e999", "true", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(OUTPUTS, RESPONSES)
def test_no_response_breaks_a_shape(output: dict[str, Any], response: Any) -> None:
    if shapes := make_shapes(output):
        compile_shapes(shapes).make(response)
