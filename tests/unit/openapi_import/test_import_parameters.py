"""Parameters keep their place and style, their limits and their defaults, and what is lost has a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.imported_capabilities import get_consumed, get_tool, import_one, write_spec

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}
OBJECT = {"type": "object", "properties": {"a": TEXT}}
PLACE = "GET /a (#/paths/~1a/get)"


def import_parameters(
    folder: Path, *parameters: dict[str, Any], path: str = "/a"
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Import `GET` with the operationId `one`: the consumed operation, the inputs of its tool and the report."""
    operation = {"operationId": "one", "parameters": [*parameters]}
    document, report = import_one(write_spec(folder, {path: {"get": operation}}))
    lines = [line.replace(f"GET {path} (one): ", "") for line in report]
    return get_consumed(document, "one"), get_tool(document, "one")["inputParameters"], lines


def describe_parameter(schema: object, place: str = "query", **keys: Any) -> dict[str, Any]:
    return {"name": "p", "in": place, "required": place == "path", "schema": schema, **keys}


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        (describe_parameter(LIST, "cookie"), "a list or an object in a cookie cannot be written"),
        (describe_parameter(OBJECT, "header"), "an object in a header cannot be written"),
        (
            describe_parameter({"type": "array", "items": LIST}),
            "OpenAPI does not define a list of lists or objects in a query",
        ),
        (
            describe_parameter(LIST, style="deepObject"),
            "OpenAPI does not define a list with the style 'deepObject'",
        ),
        (describe_parameter(LIST, style="tabDelimited"), "a list with the style 'tabDelimited' cannot be written"),
        (
            describe_parameter(OBJECT, explode=False),
            "an object with the style 'form' and without explode cannot be written",
        ),
        (describe_parameter({"type": "object"}), "an object with any fields cannot be spread in the query"),
        (
            describe_parameter({"type": "object", "properties": {"a": LIST}}),
            "an object with lists or objects cannot be spread in the query",
        ),
        (describe_parameter(TEXT, "header", name="Accept"), "OpenAPI ignores it"),
    ],
)
def test_a_parameter_that_cannot_be_written_is_left_out(
    tmp_path: Path, parameter: dict[str, Any], problem: str
) -> None:
    consumed, inputs, report = import_parameters(tmp_path, parameter)
    assert (consumed["inputParameters"], inputs) == ([], [])
    named = f"{parameter['in']} parameter '{parameter['name']}'"
    assert report == [f"changed: {named} is left out: {problem}"]


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        (describe_parameter(OBJECT, "path"), "an object in a path cannot be written"),
        (
            describe_parameter(LIST, "path", style="label", explode=True),
            "a list in a path with the style 'label' and explode cannot be written",
        ),
        (
            {"name": "p", "in": "path", "required": True, "content": {"application/json": {"schema": OBJECT}}},
            "JSON in a path cannot be written",
        ),
    ],
)
def test_a_path_that_cannot_be_written_leaves_the_operation_out(
    tmp_path: Path, parameter: dict[str, Any], problem: str
) -> None:
    spec = write_spec(tmp_path, {"/a/{p}": {"get": {"parameters": [parameter]}}, "/b": {"get": {}}})
    _, report = import_one(spec)
    place = "GET /a/{p} (#/paths/~1a~1{p}/get)"
    assert report == [f"{place}: left out: its required path parameter 'p' cannot be sent: {problem}"]


@pytest.mark.parametrize(
    ("parameter", "type_"),
    [
        (describe_parameter(TEXT, "cookie"), "string"),
        (describe_parameter({**TEXT, "format": "binary"}), "string"),
        (describe_parameter({"type": "array"}, "header"), "array"),
    ],
)
def test_other_parameters_have_one_input(tmp_path: Path, parameter: dict[str, Any], type_: str) -> None:
    consumed, inputs, report = import_parameters(tmp_path, parameter)
    assert consumed["inputParameters"] == [{"name": "p", "in": parameter["in"]}]
    assert inputs == [{"name": "p", "type": type_, "required": False}]
    assert report == []


def test_an_object_in_the_query_has_an_input_for_each_field(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": TEXT, "b": {"type": "boolean"}}}
    deep = {"name": "deep", "in": "query", "style": "deepObject", "schema": schema}
    consumed, inputs, report = import_parameters(tmp_path, describe_parameter(schema, required=True), deep)
    assert consumed["inputParameters"] == [
        {"name": "a", "in": "query"},
        {"name": "b", "in": "query"},
        {"name": "deep", "in": "query", "style": "deepObject"},
    ]
    assert inputs == [
        {"name": "a", "type": "string"},
        {"name": "b", "type": "boolean", "required": False},
        {"name": "deep", "type": "object", "required": False},
    ]
    assert report == []


def test_json_in_a_parameter_is_an_object_or_a_text(tmp_path: Path) -> None:
    content = [
        {"name": name, "in": "query", "description": "Some.", "content": {"application/json": {"schema": schema}}}
        for name, schema in (("object", OBJECT), ("list", LIST))
    ]
    consumed, inputs, report = import_parameters(tmp_path, *content)
    assert consumed["inputParameters"] == [{"name": "object", "in": "query"}, {"name": "list", "in": "query"}]
    assert inputs == [
        {"name": "object", "type": "object", "description": "Some.", "required": False},
        {"name": "list", "type": "string", "description": "Some. As JSON text.", "required": False},
    ]
    assert report == ["changed: query parameter 'list' is given as JSON text"]


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({}, "/a/{p}"),
        ({"style": "label"}, "/a/.{p}"),
        ({"style": "matrix"}, "/a/;p={p}"),
        ({"content": {"application/json": {"schema": TEXT}}}, "/a/{p}"),
    ],
)
def test_a_path_has_the_mark_of_its_style(tmp_path: Path, keys: dict[str, Any], path: str) -> None:
    parameter = describe_parameter(TEXT, "path", **keys)
    document, report = import_one(write_spec(tmp_path, {"/a/{p}": {"get": {"parameters": [parameter]}}}))
    assert [resource["path"] for resource in document["capability"]["consumes"][0]["resources"]] == [path]
    assert report == []


def test_placeholders_and_parameters_of_a_path_need_each_other(tmp_path: Path) -> None:
    _, inputs, report = import_parameters(tmp_path, {**describe_parameter(TEXT, "path"), "name": "q"}, path="/a/{p}")
    assert inputs == [{"name": "p", "type": "string"}]
    assert report == [
        "changed: path parameter 'q' is left out: the path has no place for it",
        "changed: the path's 'p' is not declared: it is a required text",
    ]


def test_a_query_in_a_path_is_sent(tmp_path: Path) -> None:
    document, _ = import_one(write_spec(tmp_path, {"/a?kind=tug&id={id}": {"get": {"operationId": "one"}}}))
    (resource,) = document["capability"]["consumes"][0]["resources"]
    assert resource["path"] == "/a"
    assert get_consumed(document, "one")["inputParameters"] == [
        {"name": "kind", "in": "query", "value": "tug"},
        {"name": "id", "in": "query", "value": "{{id}}"},
    ]


def test_keys_without_effect_have_a_line(tmp_path: Path) -> None:
    parameter = describe_parameter(TEXT, allowReserved=True, allowEmptyValue=True)
    _, _, report = import_parameters(tmp_path, parameter)
    assert report == [
        f"changed: '{key}' of query parameter 'p' has no effect" for key in ("allowReserved", "allowEmptyValue")
    ]


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 9}, {"type": "integer", "minimum": 1, "maximum": 8}),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "minimum": 2}),
        ({"type": "integer", "minimum": 9, "maximum": 1}, {"type": "integer"}),
        ({**TEXT, "minLength": 1, "maxLength": 3}, {**TEXT, "minLength": 1, "maxLength": 3}),
        ({**TEXT, "minLength": 3, "maxLength": 1}, TEXT),
        ({**TEXT, "format": "uuid"}, {**TEXT, "format": "uuid"}),
        ({**TEXT, "format": "password"}, TEXT),
        ({**TEXT, "enum": [True, 1, "a", "a", None]}, {**TEXT, "enum": ["true", "1", "a"]}),
        ({"type": "integer", "enum": [1, "b", True]}, {"type": "integer", "enum": [1]}),
        ({"type": "integer", "enum": ["b"]}, {"type": "integer"}),
        ({"type": "boolean", "enum": [True, 1]}, {"type": "boolean", "enum": [True]}),
        ({**TEXT, "const": "x"}, {**TEXT, "enum": ["x"]}),
        ({"oneOf": [{**TEXT, "enum": ["a"]}, {**TEXT, "const": "b"}]}, {**TEXT, "enum": ["a", "b"]}),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, {"type": "number"}),
        ({"type": ["string", "integer"]}, {}),
        ({"allOf": [TEXT, {"maxLength": 2}]}, {**TEXT, "maxLength": 2}),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "integer", "description": "A."}}},
            None,
        ),
        ({**TEXT, "default": "a", "maxLength": 1}, {**TEXT, "default": "a", "maxLength": 1}),
        ({"type": "number", "default": 2, "maximum": 2}, {"type": "number", "default": 2, "maximum": 2}),
        ({**LIST, "default": ["a"]}, {**LIST, "default": ["a"]}),
    ],
)
def test_limits_are_those_that_the_type_can_have(
    tmp_path: Path, schema: dict[str, Any], written: dict[str, Any] | None
) -> None:
    _, inputs, report = import_parameters(tmp_path, describe_parameter(schema))
    if written is None:
        problem = "OpenAPI does not define a list of lists or objects in a query"
        assert (inputs, report) == ([], [f"changed: query parameter 'p' is left out: {problem}"])
    else:
        assert inputs == [{"name": "p", **written, "required": False}]
        assert report == []


@pytest.mark.parametrize(
    ("schema", "keys"),
    [
        ({"type": "number", "exclusiveMinimum": 0}, ["exclusiveMinimum"]),
        ({"type": "integer", "exclusiveMaximum": 1.5}, ["exclusiveMaximum"]),
        ({**TEXT, "pattern": "(?<=a)b"}, ["pattern"]),
        ({"type": "integer", "multipleOf": 5, "not": {}}, ["multipleOf", "not"]),
    ],
)
def test_limits_that_are_not_checked_have_a_line(tmp_path: Path, schema: dict[str, Any], keys: list[str]) -> None:
    _, inputs, report = import_parameters(tmp_path, describe_parameter(schema))
    assert inputs == [{"name": "p", "type": schema["type"], "required": False}]
    assert report == [f"changed: '{key}' of query parameter 'p' is not checked" for key in keys]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "default": "1"},
        {"type": "integer", "default": True},
        {"type": "integer", "default": 9, "maximum": 5},
        {**TEXT, "default": ""},
        {**TEXT, "default": "c", "enum": ["a", "b"]},
        {**TEXT, "default": "now", "format": "date"},
        {**TEXT, "default": "abc", "maxLength": 2},
        {**LIST, "default": []},
        {**LIST, "default": [1]},
        {**LIST, "default": [["a"]]},
        {"default": 5},
    ],
)
def test_a_default_that_is_not_allowed_has_a_line(tmp_path: Path, schema: dict[str, Any]) -> None:
    _, (input_,), report = import_parameters(tmp_path, describe_parameter(schema))
    assert "default" not in input_
    assert report == ["changed: query parameter 'p' has no default: it is not of the type, or not allowed"]


def test_items_have_their_descriptions_and_limits(tmp_path: Path) -> None:
    inner = {"type": "array", "items": {"type": "integer", "description": "A number.", "minimum": 1}}
    body = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"rows": {"type": "array", "items": inner}}}
            }
        },
    }
    document, report = import_one(write_spec(tmp_path, {"/a": {"post": {"requestBody": body}}}))
    assert get_tool(document, "post-a")["inputParameters"] == [
        {"name": "rows", "type": "array", "items": inner, "required": False}
    ]
    assert report == []
