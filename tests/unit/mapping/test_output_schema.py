from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from naftiko_runtime.mapping.output_schema import make_result_schema
from support.shapes import make_mapping, make_shapes

SHIP = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "mapping": "$.name", "description": "Its name"},
        "crew": {"type": "array", "mapping": "$.crew", "items": {"type": "integer"}},
        "holds": {"type": "object", "mapping": "$.holds", "values": {"type": "number", "mapping": "$.tons"}},
        "raw": {"type": "object", "mapping": "$.raw"},
        "source": {"type": "string", "value": "registry"},
    },
}


def test_an_object_is_its_own_root() -> None:
    found = make_result_schema(make_shapes(SHIP))
    assert found is not None
    assert found.schema == {
        "type": "object",
        "properties": {
            "name": {"type": ["string", "null"], "description": "Its name"},
            "crew": {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
            "holds": {"type": ["object", "null"], "additionalProperties": {"type": ["number", "null"]}},
            "raw": {},
            "source": {"type": "string"},
        },
        "required": ["name", "crew", "holds", "raw", "source"],
    }


@pytest.mark.parametrize(
    "data",
    [{"type": "array", "mapping": "$.crew", "items": {"type": "string"}}, {"type": "string", "mapping": "$.name"}],
)
def test_anything_else_is_wrapped(data: dict[str, Any]) -> None:
    found = make_result_schema(make_shapes(data))
    assert found is not None
    assert found.schema["type"] == "object"
    assert found.make_structured(["x"], mismatched=False) == {"result": ["x"]}


@pytest.mark.parametrize(
    ("declared", "value", "schema"),
    [
        ("number", "3.50", {"type": "number"}),
        ("number", "7", {"type": "number"}),
        ("integer", "7", {"type": "integer"}),
        ("boolean", "true", {"type": "boolean"}),
        ("string", "7", {"type": "string"}),
        ("integer", "many", {}),
    ],
)
def test_a_constant_has_its_declared_type(declared: str, value: str, schema: dict[str, Any]) -> None:
    found = make_result_schema(make_shapes({"type": "object", "properties": {"x": {"type": declared, "value": value}}}))
    assert found is not None
    assert found.schema["properties"]["x"] == schema


def test_what_may_be_anything_has_no_outline() -> None:
    assert make_result_schema(make_shapes({"type": "object", "mapping": "$.raw"})) is None
    assert make_result_schema(make_shapes(SHIP, SHIP)) is None


@pytest.mark.parametrize(
    "response",
    [
        {"name": "A", "crew": [1, 2.0, "3"], "holds": {"h": {"tons": "1.5"}}, "raw": [1]},
        {"name": {"first": "A"}, "crew": ["x", None], "holds": {"h": {"tons": "many"}}},
        {"crew": 7, "holds": "none", "raw": None},
        {},
        None,
        [],
    ],
)
def test_every_result_keeps_to_the_schema(response: Any) -> None:
    mapping, found = make_mapping(SHIP), make_result_schema(make_shapes(SHIP))
    assert found is not None
    result = mapping.make(response)
    mismatched = mapping.mismatches.count > 0
    Draft202012Validator(found.schema).validate(found.make_structured(result, mismatched=mismatched))


LISTS = {
    "type": "object",
    "properties": {
        "all": {"type": "array", "mapping": "$.crew[*].name", "items": {"type": "string"}},
        "first": {"type": "array", "mapping": "$.crew"},
        "deep": {"type": "array", "mapping": "$..id"},
        "count": {"type": "integer", "mapping": "$.length($.crew[?(@.name)])"},
        "text": {"type": "string", "mapping": "$..id.size()"},
        "of": {"type": "integer", "mapping": "$.crew[*].length()"},
    },
}


def test_lists_of_indefinite_paths_and_counts_are_not_nullable() -> None:
    found = make_result_schema(make_shapes(LISTS))
    assert found is not None
    assert found.schema["properties"] == {
        "all": {"type": "array", "items": {"type": ["string", "null"]}},
        "first": {"type": ["array", "null"], "items": {}},
        "deep": {"type": "array", "items": {}},
        "count": {"type": "integer"},
        "text": {"type": "string"},
        "of": {"type": ["integer", "null"]},  # of each member, where members have a length
    }
    assert found.empty == {"all": [], "first": None, "deep": [], "count": 0, "text": "0", "of": None}
    Draft202012Validator(found.schema).validate(found.empty)


@pytest.mark.parametrize(
    "response",
    [{}, None, [], "text", {"crew": None}, {"crew": "none"}, {"crew": [{"name": "A", "id": 1}, 7]}, {"crew": [["a"]]}],
)
def test_such_results_keep_to_the_schema(response: Any) -> None:
    mapping, found = make_mapping(LISTS), make_result_schema(make_shapes(LISTS))
    assert found is not None
    result = mapping.make(response)
    structured = found.make_structured(result, mismatched=mapping.mismatches.count > 0)
    Draft202012Validator(found.schema).validate(structured)


def test_a_wrapped_list_without_a_response_is_empty() -> None:
    found = make_result_schema(make_shapes({"type": "array", "mapping": "$.crew[*]"}))
    assert found is not None
    assert found.empty == {"result": []}


def test_mismatches_are_counted_and_kept() -> None:
    mapping = make_mapping(SHIP)
    result = mapping.make({"name": {"first": "A"}, "crew": ["s3cret", 2]})
    assert isinstance(result, dict)
    assert result["crew"] == ["s3cret", 2]
    assert mapping.mismatches.count == 2
    assert mapping.mismatches.latest == "'$' is declared integer, and was string"
