"""Operations in the OpenAPI document of a plan: their inputs, bodies and responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.mapping.output_schema import make_result_schema
from naftiko_runtime.openapi import write_openapi
from naftiko_runtime.plan import McpServer
from naftiko_runtime.problem_details import render_problem_document
from support.linked import make_document, make_rest_expose
from support.openapi_documents import ROOT, body, described, given, only, parameters, servers_of

# -- inputs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (given("a", "query"), given("a", "query", required=False, schema={"type": "string"})),
        (
            given("a", "query", type="integer", required=True, description="How many."),
            given("a", "query", description="How many.", required=True, schema={"type": "integer"}),
        ),
        (
            given("a", "query", type="number", default=1.50),
            given("a", "query", required=False, schema={"type": "number", "default": 1.5}),
        ),
        (
            given("a", "query", type="boolean", required=True, default="true"),
            given("a", "query", required=False, schema={"type": "boolean", "default": True}),
        ),
        (
            given("a", "query", type="array", default="x,y"),
            given(
                "a",
                "query",
                required=False,
                style="form",
                explode=True,
                schema={"type": "array", "items": {"type": "string"}, "default": ["x", "y"], "minItems": 1},
            ),
        ),
        (
            given("X-A", "header", type="array", pattern="^[a-z]$"),
            given(
                "X-A",
                "header",
                required=False,
                style="simple",
                explode=False,
                schema={"type": "array", "items": {"type": "string", "pattern": "^[a-z]$"}, "minItems": 1},
            ),
        ),
        (
            given("a", "cookie", type="object", required=True),
            given("a", "cookie", required=True, content={"application/json": {"schema": {"type": "object"}}}),
        ),
        (
            given("a", "query", type="integer", minimum=1, maximum=9, examples=[3]),
            given(
                "a", "query", required=False, schema={"type": "integer", "minimum": 1, "maximum": 9, "examples": [3]}
            ),
        ),
        (
            given("a", "query", enum=["x", "y"], format="slug", minLength=1),
            given(
                "a",
                "query",
                required=False,
                schema={"type": "string", "enum": ["x", "y"], "format": "slug", "minLength": 1},
            ),
        ),
        (
            given("X-A", "header", type="array", items={"type": "integer", "maximum": 2.5, "description": "A deck."}),
            given(
                "X-A",
                "header",
                required=False,
                style="simple",
                explode=False,
                schema={
                    "type": "array",
                    "items": {"type": "integer", "maximum": 2.5, "description": "A deck."},
                    "minItems": 1,
                },
            ),
        ),
        (
            given("a", "query", pattern="^[a-z]{2}$"),
            given("a", "query", required=False, schema={"type": "string", "pattern": "^[a-z]{2}$"}),
        ),
        (
            given("a", "query", pattern="(?i)^ship", description="A name."),
            given(
                "a",
                "query",
                description="A name. Its text must match `(?i)^ship` (RE2).",
                required=False,
                schema={"type": "string"},
            ),
        ),
        (
            given("a", "query", type="integer", pattern="^[0-9]{3}$"),
            given(
                "a",
                "query",
                description="Its text must match `^[0-9]{3}$` (RE2).",
                required=False,
                schema={"type": "integer"},
            ),
        ),
    ],
)
def test_an_input_is_a_parameter(declared: dict[str, Any], expected: dict[str, Any]) -> None:
    consumed = {"inputParameters": [{"name": declared["name"], "in": declared["in"]}]}
    found = described(make_document(consumed, [make_rest_expose(inputs=[declared])]))
    assert parameters(found)[declared["name"]] == expected
    assert only(found)["responses"]["400"] == {"$ref": "#/components/responses/Refused"}


@pytest.mark.parametrize("name", ["Accept", "content-type", "AUTHORIZATION"])
def test_headers_that_openapi_reserves_are_not_listed(name: str) -> None:
    inputs = [given(name, "header"), given("X-Other", "header")]
    consumed = {"inputParameters": [given("X-A", "header"), given("X-Other", "header")]}
    found = described(make_document(consumed, [make_rest_expose(inputs=inputs, bind={"X-A": f"rest.{name}"})]))
    assert [one["name"] for one in only(found)["parameters"] if one["in"] == "header"] == ["X-Other"]


def test_an_open_query_takes_any_field() -> None:
    found = described(make_document())
    assert parameters(found)["query"]["schema"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert "400" not in only(found)["responses"]
    closed = described(make_document({"inputParameters": [given("a", "query")]}))
    assert [*parameters(closed)] == ["a"]


def test_a_placeholder_without_a_place_is_given_in_the_query() -> None:
    data = make_document(path="/ships/{query}", exposes=[make_rest_expose("/ships")])
    found = parameters(described(data, warns=("undeclared-placeholder",)))
    assert {name: (one["in"], one["required"]) for name, one in found.items()} == {"query": ("query", True)}


def test_inputs_in_the_body_are_fields_of_an_object() -> None:
    inputs = [
        given("name", "body", type="string", required=True, pattern="^[A-Z]", description="Its name."),
        given("crew", "body", type="array"),
        given("any", "body"),
        given("size", "body", type="integer", required=True, default=3),
    ]
    assert body(inputs) == {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "pattern": "^[A-Z]", "description": "Its name."},
                        "crew": {"type": "array", "items": {}},
                        "any": {},
                        "size": {"type": "integer", "default": 3},
                    },
                    "required": ["name"],
                }
            }
        },
    }


@pytest.mark.parametrize("required", [True, False])
def test_an_input_called_body_is_the_whole(required: bool) -> None:
    content = {"application/json": {"schema": {"type": "array", "items": {}}}}
    assert body([given("body", "body", type="array", required=required)]) == {"required": required, "content": content}


def test_a_closed_operation_has_no_body() -> None:
    data = make_document({"method": "POST"}, [make_rest_expose(inputs=[], method="POST")])
    operation = only(described(data))
    assert "requestBody" not in operation
    assert "parameters" not in operation


def test_an_open_body_is_any() -> None:
    found = body([])
    assert (found["content"], "required" in found) == (
        {"application/json": {"schema": {}}, "*/*": {"schema": {}}},
        False,
    )


def test_a_body_in_which_a_value_is_looked_up_is_json() -> None:
    inputs = [given("kind", "header", value="$.event.kind", required=True)]
    found = body(inputs, consumed={"inputParameters": [given("kind", "header")]})
    assert found == {"required": True, "content": {"application/json": {"schema": {}}}}


def test_without_a_body_there_is_none() -> None:
    assert body([], "GET") is None


# -- responses --------------------------------------------------------------------------------------------------------

TEXT = {"type": ["string", "null"]}


@pytest.mark.parametrize(
    ("outputs", "content"),
    [
        ([], None),
        ([{"type": "object", "mapping": "$."}], {"application/json": {"schema": {"type": "object"}}, "*/*": {}}),
        ([{"type": "array"}], {"application/json": {"schema": {"type": "array", "items": {}}}, "*/*": {}}),
        ([{"mapping": "$"}], {"application/json": {"schema": {}}, "*/*": {}}),
        ([{"type": "string", "mapping": "$.a"}], {"application/json": {"schema": TEXT}}),
        (
            [{"type": "array", "mapping": "$.a", "items": {"type": "string"}}],
            {"application/json": {"schema": {"type": ["array", "null"], "items": TEXT}}},
        ),
        (
            [{"type": "object", "mapping": "$.a", "properties": {"b": {"type": "string", "mapping": "$.b"}}}],
            {
                "application/json": {
                    "schema": {"type": ["object", "null"], "properties": {"b": TEXT}, "required": ["b"]}
                }
            },
        ),
        ([{"type": "object", "mapping": "$.a"}], {"application/json": {"schema": {}}}),
        (
            [{"type": "string", "mapping": "$.a"}, {"type": "number", "mapping": "$.b"}],
            {"application/json": {"schema": {}}},
        ),
    ],
)
def test_the_result_is_what_the_outputs_say(outputs: list[Any], content: dict[str, Any] | None) -> None:
    found = described(make_document(exposes=[make_rest_expose(outputParameters=outputs)]))
    assert only(found)["responses"]["200"].get("content") == content


def test_every_response_of_the_runtime_is_described() -> None:
    inputs = [given("q", "query", type="string")]
    found = described(
        make_document({"inputParameters": [given("q", "query")]}, exposes=[make_rest_expose(inputParameters=inputs)])
    )
    assert [*only(found)["responses"]] == ["200", "204", "400", "502", "504", "default"]
    for name in ("Refused", "UpstreamFailed", "UpstreamTooSlow"):
        assert "application/problem+json" in found["components"]["responses"][name]["content"]


@pytest.mark.parametrize(
    ("consumed", "content"),
    [
        ({"outputRawFormat": "json"}, {"application/json": {"schema": {}}, "*/*": {}}),
        (
            {"outputParameters": [{"name": "result", "type": "array", "value": "$."}]},
            {"application/json": {"schema": {"type": "array", "items": {}}}, "*/*": {}},
        ),
        ({"outputParameters": [{"name": "id", "type": "string", "value": "$.id"}]}, None),
        ({"outputRawFormat": "csv"}, None),
    ],
)
def test_an_untouched_result_is_what_the_called_operation_says(
    consumed: dict[str, Any], content: dict[str, Any] | None
) -> None:
    assert only(described(make_document(consumed)))["responses"]["200"].get("content") == content


@pytest.mark.parametrize("extra", [None, {"errors": [{"name": "a", "in": "query", "detail": "must be a number"}]}])
def test_problems_match_the_document(extra: dict[str, Any] | None) -> None:
    schema = described(make_document())["components"]["schemas"]["Problem"]
    Draft202012Validator.check_schema(schema)
    problem = json.loads(render_problem_document(400, "invalid-request", "no", extra))
    assert list(Draft202012Validator(schema).iter_errors(problem)) == []
    assert not Draft202012Validator(schema).is_valid({**problem, "status": "400"})


def test_what_is_left_out_says_501_and_why() -> None:
    linked = load(ROOT / "tests/integration/documents/broken.yaml", Overrides(skip_broken=True)).plan
    assert linked is not None
    paths = write_openapi(linked, servers_of(linked))["paths"]
    typo = paths["/typo/{id}"]["get"]
    assert [*typo["responses"]] == ["501"]
    assert "no consumed operation 'api.lst'" in typo["responses"]["501"]["description"]
    assert [one["name"] for one in typo["parameters"]] == ["id"]
    assert "200" in paths["/things"]["get"]["responses"]


def test_a_workflow_is_described_alike_in_a_route_by_a_reference_and_as_a_tool() -> None:
    plan = load(ROOT / "tests" / "integration" / "openapi" / "workflow.yaml").plan
    assert plan is not None
    paths = write_openapi(plan, servers_of(plan))["paths"]
    route, referred = (paths[f"/{name}/{{imo}}"]["get"] for name in ("manifests", "referred"))
    tools = next(server for server in plan.servers if isinstance(server, McpServer)).tools
    schemas = [make_result_schema(tool.operation.execution.shapes) for tool in tools]
    assert route["responses"] == referred["responses"]
    assert [one["name"] for one in referred["parameters"]] == [one["name"] for one in route["parameters"]]
    found = route["responses"]["200"]["content"]["application/json"]["schema"]
    crew = {"type": ["object", "null"], "properties": {"name": {"type": ["string", "null"]}}, "required": ["name"]}
    assert found["properties"]["members"] == {"type": ["array", "null"], "items": crew}
    for schema in schemas:
        assert schema is not None
        assert schema.schema["properties"] == found["properties"]
    assert paths["/voyages"]["post"]["responses"]["200"] == {"description": "The result."}
