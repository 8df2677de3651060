"""Bodies of every media type become templates with inputs, and what they cannot say has a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.openapi_import.document_files import UnreadableDocument
from support.imported_capabilities import get_consumed, get_tool, import_one, write_spec

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
PLACE = "POST /a (#/paths/~1a/post)"


def import_content(
    folder: Path, content: dict[str, Any], *, required: bool = True, **keys: Any
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Import `POST /a` with a body: the consumed operation, the inputs of its tool and the report."""
    body = {"required": required, "content": content}
    document, report = import_one(write_spec(folder, {"/a": {"post": {"requestBody": body, **keys}}}))
    return get_consumed(document, "post-a"), get_tool(document, "post-a")["inputParameters"], report


def describe_object(*required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*required]}


def test_a_json_body_has_an_input_for_each_field(tmp_path: Path) -> None:
    schema = describe_object("name", name=TEXT, size={"type": "integer", "default": 3}, id={**TEXT, "readOnly": True})
    consumed, inputs, report = import_content(tmp_path, {"application/json": {"schema": schema}})
    assert consumed["body"] == {"type": "json", "data": {"name": "{{name}}", "size": "{{size}}"}}
    assert "inputParameters" not in consumed
    assert inputs == [
        {"name": "name", "type": "string"},
        {"name": "size", "type": "integer", "default": 3, "required": False},
    ]
    assert report == []


def test_an_optional_json_body_requires_no_field(tmp_path: Path) -> None:
    schema = describe_object("name", name=TEXT, size={"type": "integer", "default": 3})
    consumed, inputs, report = import_content(tmp_path, {"application/json": {"schema": schema}}, required=False)
    assert consumed["body"] == {"type": "json", "data": {"name": "{{name}}", "size": "{{size}}"}}
    assert inputs == [
        {"name": "name", "type": "string", "required": False},
        {"name": "size", "type": "integer", "required": False},
    ]
    assert report == [
        f"{PLACE}: changed: the body may be left out, but with it 'name' is required",
        f"{PLACE}: changed: without any field, the body {{}} is sent instead of none",
    ]


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "array", "items": TEXT}, "array"),
        ({}, "json"),
        ({"type": "object"}, "object"),
        ({"type": "object", "properties": {"a": TEXT}, "additionalProperties": True}, "object"),
        ({"oneOf": [TEXT, {"type": "integer"}]}, "json"),
    ],
)
def test_json_without_known_fields_is_one_input(tmp_path: Path, schema: dict[str, Any], type_: str) -> None:
    consumed, (input_,), report = import_content(tmp_path, {"application/json": {"schema": schema}})
    assert consumed["inputParameters"] == [{"name": "body", "in": "body", "type": type_}]
    assert "body" not in consumed
    assert (input_["name"], input_["type"]) == ("body", type_)
    assert report == []


def test_another_json_type_is_a_header(tmp_path: Path) -> None:
    schema = describe_object("a", a=TEXT)
    consumed, _, report = import_content(tmp_path, {"application/merge-patch+json": {"schema": schema}})
    header = {"name": "Content-Type", "in": "header", "value": "application/merge-patch+json"}
    assert consumed["inputParameters"] == [header]
    assert consumed["body"] == {"type": "json", "data": {"a": "{{a}}"}}
    assert report == []


def test_a_whole_body_beside_a_parameter_of_its_name_is_renamed(tmp_path: Path) -> None:
    parameters = [{"name": "body", "in": "query", "schema": TEXT}]
    content = {"application/json": {"schema": {"type": "array", "items": TEXT}}}
    consumed, inputs, report = import_content(tmp_path, content, parameters=parameters)
    assert consumed["body"] == {"type": "json", "data": "{{body_body}}"}
    assert [input_["name"] for input_ in inputs] == ["body", "body_body"]
    assert report == [f"{PLACE}: changed: input 'body' is the input 'body_body'"]


def test_the_only_field_body_is_not_the_whole_body(tmp_path: Path) -> None:
    schema = describe_object("body", body=TEXT)
    consumed, inputs, report = import_content(tmp_path, {"application/json": {"schema": schema}})
    assert consumed["body"] == {"type": "json", "data": {"body": "{{body_field}}"}}
    assert inputs == [{"name": "body_field", "type": "string"}]
    assert report == [f"{PLACE}: changed: field 'body' is the input 'body_field'"]


def test_of_several_media_types_json_is_sent(tmp_path: Path) -> None:
    content = {
        "application/xml": {"schema": TEXT},
        "multipart/form-data": {"schema": describe_object(a=TEXT)},
        "application/json": {"schema": describe_object("a", a=TEXT)},
    }
    consumed, _, report = import_content(tmp_path, content)
    assert consumed["body"]["type"] == "json"
    others = "'multipart/form-data', 'application/xml'"
    assert report == [f"{PLACE}: changed: the body is sent as application/json, never as {others}"]


def test_a_form_has_an_input_for_each_field_that_it_can_write(tmp_path: Path) -> None:
    tags = {"type": "array", "items": TEXT}
    schema = describe_object(
        "name", name=TEXT, any={}, tags=tags, joined=tags, deep=tags, place={"type": "object", "description": "Where."}
    )
    encoding = {"joined": {"style": "form", "explode": False}, "deep": {"style": "deepObject"}, "tags": 5}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "encoding": encoding}}
    consumed, inputs, report = import_content(tmp_path, content)
    data = {"name": "{{name}}", "any": "{{any}}", "tags": "{{tags}}", "place": "{{place}}"}
    assert consumed["body"] == {"type": "formUrlEncoded", "data": data}
    assert inputs == [
        {"name": "name", "type": "string"},
        {"name": "any", "type": "string", "required": False},
        {"name": "tags", "type": "array", "items": {"type": "string"}, "required": False},
        {"name": "place", "type": "string", "description": "Where. As JSON text.", "required": False},
    ]
    assert report == [
        f"{PLACE}: changed: field 'joined' is left out: a list in a form cannot be joined with the style 'form'",
        f"{PLACE}: changed: field 'deep' is left out: OpenAPI does not define a list with the style 'deepObject'",
        f"{PLACE}: changed: field 'place' is given as JSON text",
    ]


def test_a_required_field_that_a_form_cannot_write_leaves_the_operation_out(tmp_path: Path) -> None:
    schema = describe_object("ids", ids={"type": "array", "items": TEXT})
    encoding = {"ids": {"style": "pipeDelimited"}}
    body = {
        "required": True,
        "content": {"application/x-www-form-urlencoded": {"schema": schema, "encoding": encoding}},
    }
    _, report = import_one(write_spec(tmp_path, {"/a": {"post": {"requestBody": body}}, "/b": {"get": {}}}))
    problem = "a list in a form cannot be joined with the style 'pipeDelimited'"
    assert report == [f"{PLACE}: left out: its required field 'ids' cannot be sent: {problem}"]


def test_a_form_without_fields_is_one_input(tmp_path: Path) -> None:
    content = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "description": "Any."}}}
    consumed, inputs, report = import_content(tmp_path, content, required=False)
    assert consumed["inputParameters"] == [{"name": "body", "in": "body", "type": "object"}]
    assert consumed["body"] == {"type": "formUrlEncoded"}
    assert inputs == [{"name": "body", "type": "object", "required": False}]
    assert report == []


def test_a_form_with_more_fields_than_declared_has_a_line(tmp_path: Path) -> None:
    schema = {**describe_object("a", a=TEXT), "additionalProperties": TEXT}
    consumed, _, report = import_content(tmp_path, {"application/x-www-form-urlencoded": {"schema": schema}})
    assert consumed["body"] == {"type": "formUrlEncoded", "data": {"a": "{{a}}"}}
    assert report == [f"{PLACE}: changed: the body has only the fields that are declared, no others"]


def test_a_multipart_form_has_parts_with_their_types(tmp_path: Path) -> None:
    photo = {**TEXT, "format": "binary"}
    schema = describe_object(
        "photo", photo=photo, pages={"type": "array", "items": photo}, note=TEXT, size={"type": "integer"}, data={}
    )
    encoding = {
        "photo": {"contentType": "image/png"},
        "pages": {"contentType": "image/*"},
        "note": {"contentType": "text/markdown"},
        "size": {"contentType": "image/png"},
    }
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    consumed, _, report = import_content(tmp_path, content)
    assert consumed["body"] == {
        "type": "multipartForm",
        "data": [
            {"name": "photo", "value": "{{photo}}", "filename": "photo", "contentType": "image/png"},
            {"name": "pages", "value": "{{pages}}", "filename": "pages"},
            {"name": "note", "value": "{{note}}", "contentType": "text/markdown"},
            {"name": "size", "value": "{{size}}"},
            {"name": "data", "value": "{{data}}", "contentType": "application/json"},
        ],
    }
    assert report == [f"{PLACE}: changed: 'contentType' of field 'size' has no effect"]


@pytest.mark.parametrize(
    ("media_type", "problem"),
    [
        ("multipart/mixed", "a body of the type 'multipart/mixed' cannot be written"),
        ("multipart/form-data", "a form without declared fields cannot be written in parts"),
    ],
)
def test_other_multipart_bodies_are_left_out(tmp_path: Path, media_type: str, problem: str) -> None:
    content: dict[str, Any] = {media_type: {"schema": {"type": "object"}}}
    consumed, inputs, report = import_content(tmp_path, content, required=False)
    assert (consumed["inputParameters"], inputs) == ([], [])
    assert "body" not in consumed
    assert report == [f"{PLACE}: changed: input 'body' is left out: {problem}"]
    with pytest.raises(UnreadableDocument) as caught:
        import_content(tmp_path, content)
    assert str(caught.value) == (
        f"none of its operations can be called: {PLACE}: left out: its required input 'body' cannot be sent: {problem}"
    )


@pytest.mark.parametrize(
    ("media_type", "headers"),
    [
        ("text/plain", []),
        ("text/csv; charset=utf-8", ["text/csv; charset=utf-8"]),
        ("application/xml", ["application/xml"]),
        ("application/soap+xml", ["application/soap+xml"]),
    ],
)
def test_texts_and_xml_are_one_text(tmp_path: Path, media_type: str, headers: list[str]) -> None:
    schema = describe_object(a=TEXT) | {"description": "All of it."}
    consumed, inputs, report = import_content(tmp_path, {media_type: {"schema": schema}})
    assert consumed["body"] == {"type": "text", "data": "{{body}}"}
    assert consumed.get("inputParameters", []) == [
        {"name": "Content-Type", "in": "header", "value": value} for value in headers
    ]
    assert inputs == [{"name": "body", "type": "string", "description": "All of it."}]
    assert report == []


@pytest.mark.parametrize(
    ("media_type", "headers"), [("application/octet-stream", []), ("image/png", ["image/png"]), ("image/*", [])]
)
def test_bytes_are_one_binary_input(tmp_path: Path, media_type: str, headers: list[str]) -> None:
    consumed, inputs, report = import_content(tmp_path, {media_type: {"schema": TEXT}})
    assert consumed["inputParameters"] == [
        {"name": "body", "in": "body", "type": "binary"},
        *({"name": "Content-Type", "in": "header", "value": value} for value in headers),
    ]
    assert inputs == [{"name": "body", "type": "binary"}]
    assert report == []


def test_a_body_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, {"/a": {"post": {"requestBody": {"$ref": "#/components/requestBodies/None"}}}})
    document, report = import_one(spec)
    assert get_tool(document, "post-a")["inputParameters"] == []
    problem = "'#/components/requestBodies/None' does not exist"
    assert report == [f"{PLACE}: changed: input 'body' is left out: {problem}"]
