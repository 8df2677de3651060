"""Documents of every version become valid capabilities, and everything that is lost has a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from naftiko_runtime.loading import load
from naftiko_runtime.openapi_import.document_files import UnreadableDocument
from naftiko_runtime.openapi_import.import_openapi import ImportOptions, import_openapi
from naftiko_runtime.openapi_import.select_operations import OperationSelection, OperationSelector
from support.imported_capabilities import get_consumed, get_tool, import_one, write_spec

if TYPE_CHECKING:
    from pathlib import Path


def test_parameters_become_inputs_with_their_limits(tmp_path: Path) -> None:
    parameters = [
        {"name": "imo", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^IMO[0-9]{7}$"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "exclusiveMinimum": 0, "default": 10}},
        {"name": "kind", "in": "query", "schema": {"anyOf": [{"type": "string", "enum": ["tug"]}, {"type": "null"}]}},
        {"name": "fields", "in": "query", "explode": False, "schema": {"type": "array", "items": {"type": "string"}}},
    ]
    spec = write_spec(tmp_path, {"/ships/{imo}": {"get": {"operationId": "getShip", "parameters": parameters}}})
    document, report = import_one(spec)
    assert report == []
    assert get_tool(document, "get-ship")["inputParameters"] == [
        {"name": "imo", "type": "string", "pattern": "^IMO[0-9]{7}$"},
        {"name": "limit", "type": "integer", "minimum": 1, "default": 10, "required": False},
        {"name": "kind", "type": "string", "enum": ["tug"], "required": False},
        {"name": "fields", "type": "array", "items": {"type": "string"}, "required": False},
    ]
    assert {"name": "fields", "in": "query", "explode": False} in get_consumed(document, "get-ship")["inputParameters"]


def test_one_name_in_two_places_becomes_two_inputs(tmp_path: Path) -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "id", "in": "query", "schema": {"type": "string"}},
        {"name": "filter[a]", "in": "query", "schema": {"type": "string"}},
    ]
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}}}
    spec = write_spec(tmp_path, {"/a/{id}": {"put": {"parameters": parameters, "requestBody": body}}})
    document, report = import_one(spec)
    consumed = get_consumed(document, "put-a-by-id")
    assert consumed["inputParameters"] == [
        {"name": "id", "in": "query", "value": "{{query_id}}"},
        {"name": "filter[a]", "in": "query", "value": "{{filter_a}}"},
    ]
    assert consumed["body"] == {"type": "json", "data": {"id": "{{body_id}}"}}
    place = "PUT /a/{id} (#/paths/~1a~1{id}/put)"
    assert report == [
        f"{place}: changed: query parameter 'id' is the input 'query_id'",
        f"{place}: changed: query parameter 'filter[a]' is the input 'filter_a'",
        f"{place}: changed: field 'id' is the input 'body_id'",
        f"{place}: changed: without any field, the body {{}} is sent instead of none",
    ]


def test_what_cannot_be_sent_is_left_out_with_a_line(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    paths = {
        "/a": {"get": {"parameters": [{"name": "X-A", "in": "header", "schema": schema}]}},
        "/b": {"get": {"parameters": [{"name": "X-B", "in": "header", "required": True, "schema": schema}]}},
        "/c": {"trace": {}},
    }
    document, report = import_one(write_spec(tmp_path, paths))
    assert get_consumed(document, "get-a")["inputParameters"] == []
    problem = "an object in a header cannot be written"
    assert report == [
        "TRACE /c (#/paths/~1c/trace): left out: the language has no method TRACE",
        f"GET /a (#/paths/~1a/get): changed: header parameter 'X-A' is left out: {problem}",
        f"GET /b (#/paths/~1b/get): left out: its required header parameter 'X-B' cannot be sent: {problem}",
    ]


def test_an_operation_that_a_capability_refuses_is_left_out_with_the_error(tmp_path: Path) -> None:
    bad = [{"name": "my header", "in": "header", "schema": {"type": "string"}}]
    document, report = import_one(write_spec(tmp_path, {"/a": {"get": {"parameters": bad}}, "/b": {"get": {}}}))
    assert [tool["name"] for tool in document["capability"]["exposes"][1]["tools"]] == ["get-b"]
    assert report[1:] == [
        "GET /a (#/paths/~1a/get): left out: it would not be valid: 'my header' is not a valid header name"
    ]


def test_references_lead_to_neighbours_and_in_circles(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/tree.yaml").write_text(
        "Tree:\n  type: object\n  required: [name]\n  properties:\n    name: {type: string}\n"
        "    child: {$ref: '#/Tree'}\n    loop: {allOf: [{$ref: '#/Loop'}]}\nLoop: {allOf: [{$ref: '#/Loop'}]}\n"
    )
    schema = {"$ref": "parts/tree.yaml#/Tree"}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    document, report = import_one(write_spec(tmp_path, {"/trees": {"post": {"requestBody": body}}}))
    assert report == []
    assert get_tool(document, "post-trees")["inputParameters"] == [
        {"name": "name", "type": "string"},
        {"name": "child", "type": "object", "required": False},
        {"name": "loop", "required": False},
    ]


def test_a_reference_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("A: {name: token, in: query}\n")
    (tmp_path / "spec").mkdir()
    spec = write_spec(tmp_path / "spec", {"/a": {"get": {"parameters": [{"$ref": "../secret.yaml#/A"}]}}})
    _, report = import_one(spec)
    assert report == [
        "GET /a (#/paths/~1a/get): changed: parameter 'A' is left out: '#/A' is not below the document's folder"
    ]
    _, report = import_one(spec, allowed=(tmp_path,))
    assert report == []


def test_swagger_2_is_read(tmp_path: Path) -> None:
    parameters = [
        {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}},
        {"name": "pipes", "in": "query", "type": "array", "collectionFormat": "pipes", "items": {"type": "string"}},
        {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Ship"}},
    ]
    form = [{"name": "photo", "in": "formData", "type": "file", "required": True}]
    file = tmp_path / "spec.json"
    document = {
        "swagger": "2.0",
        "info": {"title": "Ships"},
        "host": "ships.acme.io",
        "basePath": "/v2",
        "schemes": ["http", "https"],
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "security": [{"key": []}],
        "paths": {"/ships": {"post": {"parameters": parameters}, "put": {"parameters": form}}},
        "definitions": {"Ship": {"properties": {"name": {"type": "string"}}, "required": ["name"]}},
    }
    file.write_text(yaml.safe_dump(document))
    written, _ = import_one(file)
    (api,) = written["capability"]["consumes"]
    assert api["baseUri"] == "https://ships.acme.io/v2"
    assert api["authentication"] == {
        "type": "apikey",
        "key": "X-Key",
        "value": "{{SHIPS_KEY}}",
        "placement": "header",
    }
    assert get_consumed(written, "post-ships")["inputParameters"] == [
        {"name": "tags", "in": "query", "explode": False},
        {"name": "pipes", "in": "query", "style": "pipeDelimited"},
    ]
    parts = [{"name": "photo", "value": "{{photo}}", "filename": "photo"}]
    assert get_consumed(written, "put-ships")["body"] == {"type": "multipartForm", "data": parts}


def test_secrets_are_variables_and_other_credentials_another_namespace(tmp_path: Path) -> None:
    schemes = {"token": {"type": "http", "scheme": "bearer"}, "user": {"type": "http", "scheme": "basic"}}
    paths = {"/a": {"get": {}}, "/b": {"get": {"security": []}}, "/c": {"get": {"security": [{"user": []}]}}}
    spec = write_spec(tmp_path, paths, security=[{"token": []}], components={"securitySchemes": schemes})
    document, _ = import_one(spec)
    apis = {api["namespace"]: api.get("authentication") for api in document["capability"]["consumes"]}
    assert apis == {
        "ships": {"type": "bearer", "token": "{{SHIPS_TOKEN_TOKEN}}"},
        "ships-public": None,
        "ships-user": {"type": "basic", "username": "{{SHIPS_USER_USERNAME}}", "password": "{{SHIPS_USER_PASSWORD}}"},
    }
    assert sorted(document["binds"][0]["keys"]) == ["SHIPS_TOKEN_TOKEN", "SHIPS_USER_PASSWORD", "SHIPS_USER_USERNAME"]


def test_a_document_without_a_url_needs_a_variable(tmp_path: Path) -> None:
    document, report = import_one(write_spec(tmp_path, {"/a": {"get": {}}}, servers=[{"url": "/v1"}]))
    assert document["capability"]["consumes"][0]["baseUri"] == "{{SHIPS_URL}}/v1"
    assert report == ["#/servers: no server has a whole URL: set SHIPS_URL to the URL of the API"]


def test_operations_are_chosen(tmp_path: Path) -> None:
    paths = {"/a": {"get": {"tags": ["x"]}, "post": {"tags": ["x"]}}, "/b": {"get": {"tags": ["y"]}}}
    selection = OperationSelection((OperationSelector("tag", "x"), OperationSelector("method", "get")))
    document, _ = import_one(write_spec(tmp_path, paths), selection=selection, sides="mcp")
    (served,) = document["capability"]["exposes"]
    assert [tool["name"] for tool in served["tools"]] == ["get-a"]


def test_texts_that_look_like_other_values_stay_texts(tmp_path: Path) -> None:
    enum = ["no", "1e3", "0x1F", "2026-01-01", "~", "a: b", "{{x}}"]
    spec = write_spec(
        tmp_path, {"/a": {"get": {"parameters": [{"name": "p", "in": "query", "schema": {"enum": enum}}]}}}
    )
    imported = import_openapi(spec, ImportOptions())
    (text,) = imported.files.values()
    file = tmp_path / "capability.yaml"
    file.write_text(text, encoding="utf-8")
    plan = load(file).plan
    assert plan is not None
    assert plan.servers[0].operations[0].contract.inputs[0].constraints.enum == tuple(enum)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "it is no mapping, so no OpenAPI document"),
        ("a: 1", "it has neither 'openapi' nor 'swagger', so it is no OpenAPI document"),
        ("openapi: 4.0.0", "it has the version '4.0.0': OpenAPI 3.0 to 3.2 and Swagger 2.0 are read"),
        ("openapi: 3.1.0\npaths: {}", "it has no operations"),
        ("a: [", "line 2: did not find expected node content"),
    ],
)
def test_other_documents_are_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    with pytest.raises(UnreadableDocument) as caught:
        import_openapi(file, ImportOptions())
    assert str(caught.value) == reason


@pytest.mark.parametrize("wrong", [None, 5, [], {}, ["a", 1], {"$ref": 5}, {"$ref": "#/nope"}, "\0", "{"])
@pytest.mark.parametrize(
    "key", ["in", "name", "schema", "style", "explode", "type", "format", "enum", "items", "minimum", "pattern"]
)
def test_a_value_of_a_wrong_type_crashes_nothing(tmp_path: Path, key: str, wrong: object) -> None:
    schema: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    parameter: dict[str, Any] = {"name": "a", "in": "query", "schema": schema}
    (parameter if key in ("in", "name", "schema", "style", "explode") else schema)[key] = wrong
    document, _ = import_one(write_spec(tmp_path, {"/a": {"get": {"parameters": [parameter]}}, "/b": {"get": {}}}))
    assert get_consumed(document, "get-b")["method"] == "GET"


def test_a_path_that_a_capability_refuses_costs_its_own_operations_only(tmp_path: Path) -> None:
    paths: dict[str, Any] = {"/a/{b": {"get": {}}, "/white space": {"get": {}}, "/c": {"get": {}}}
    document, report = import_one(write_spec(tmp_path, paths))
    assert [tool["name"] for tool in document["capability"]["exposes"][1]["tools"]] == ["get-c"]
    assert [line.partition(": ")[0] for line in report] == [
        "GET /a/{b (#/paths/~1a~1{b/get)",
        "GET /white space (#/paths/~1white space/get)",
    ]
