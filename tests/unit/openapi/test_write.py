"""The OpenAPI document of a plan: valid for every plan, and a description of each part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from journeys.story import read_story
from naftiko_runtime import load
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.mapping.output_schema import make_result_schema
from naftiko_runtime.openapi import write_openapi
from naftiko_runtime.plan import McpServer, RestServer
from naftiko_runtime.problem import render_problem_document
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

ROOT = Path(__file__).parents[3]
JOURNEYS = sorted((ROOT / "tests" / "journeys").glob("*.yml"))
FILES = [
    *sorted(path for path in ROOT.glob("capabilities/**/*.yaml") if ".sandbox." not in path.name),
    *sorted(ROOT.glob("tests/integration/documents/*.yaml")),
    *sorted(ROOT.glob("tests/integration/openapi/*.yaml")),
]
GUARD = {"USER": "U", "KEY": "K"}


def servers_of(plan: Plan) -> list[RestServer]:
    return [server for server in plan.servers if isinstance(server, RestServer)]


def described(data: Any, *, warns: tuple[str, ...] = ()) -> Any:
    """The OpenAPI document of a capability document."""
    linked = link_plan(data, warns=warns)
    found = write_openapi(linked, servers_of(linked))
    check(found)
    return found


def check(found: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []


def only(found: Any) -> Any:
    """The only operation of a document."""
    (item,) = found["paths"].values()
    (operation,) = item.values()
    return operation


def parameters(found: Any) -> dict[str, Any]:
    """The parameters of the only operation, by name."""
    return {given["name"]: given for given in only(found).get("parameters", [])}


def given(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, **more}


# -- valid ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_capability_gives_a_valid_document(file: Path) -> None:
    linked = load(file, Overrides(skip_broken=True)).plan
    assert linked is not None
    for server in servers_of(linked):
        found = write_openapi(linked, [server])
        check(found)
        broken = sum(one.method != "*" for one in server.broken)
        assert sum(map(len, found["paths"].values())) == len(server.routes) + broken


@pytest.mark.parametrize("file", JOURNEYS, ids=lambda path: path.stem)
def test_every_journey_gives_a_valid_document(file: Path, tmp_path: Path) -> None:
    linked = read_story(file, tmp_path).plan("http://127.0.0.1:1")
    (server,) = servers_of(linked)
    found = write_openapi(linked, [server])
    check(found)
    shown = len(server.routes) + sum(broken.method != "*" for broken in server.broken)
    assert sum(map(len, found["paths"].values())) == shown
    assert all(forward.path in found["info"]["description"] for forward in server.forwards)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_document_shares_no_data() -> None:
    linked = link_plan(
        make_document(exposes=[make_rest_expose(outputParameters=[{"type": "string", "mapping": "$.a"}])])
    )
    first = write_openapi(linked, servers_of(linked))
    shown = json.dumps(first)
    first["components"]["schemas"]["Problem"].clear()
    only(first)["responses"]["200"]["content"].clear()
    assert json.dumps(write_openapi(linked, servers_of(linked))) == shown


@pytest.mark.parametrize(
    "function",
    [
        {"call": "registry.op", "outputParameters": [{"type": "object", "properties": {"a": {"mapping": "$.a"}}}]},
        {"outputParameters": [{"name": "imo", "type": "integer", "value": "{{imo}}"}, {"name": "q", "value": "{{q}}"}]},
    ],
)
def test_an_operation_that_refers_to_a_function_is_described_as_one_that_is_written_out(
    function: dict[str, Any],
) -> None:
    inputs: list[dict[str, Any]] = [
        {"name": "imo", "type": "integer", "description": "Its number."},
        {"name": "q", "required": False},
    ]
    placed = [{**inputs[0], "in": "path"}, {**inputs[1], "in": "query"}]
    consumed = {"inputParameters": [{"name": "imo", "in": "path"}, {"name": "q", "in": "query"}]}
    document = make_document(
        consumed, [make_rest_expose("/ships/{imo}", call=None, ref="fleet.find")], path="/ships/{imo}"
    )
    named = {"name": "find", "description": "Finds a ship.", "inputParameters": inputs, **function}
    document["capability"]["aggregates"] = [{"namespace": "fleet", "label": "Fleet", "functions": [named]}]
    written = make_rest_expose("/ships/{imo}", **{"call": None, **named, "inputParameters": placed})
    assert described(document) == described(make_document(consumed, [written], path="/ships/{imo}"))


# -- as a whole -------------------------------------------------------------------------------------------------------


def test_title_and_version_are_the_documents() -> None:
    data = make_document()
    assert described(data)["info"] == {"title": "x.yml", "version": "1.0.0"}
    assert described(data | {"info": {"label": "Ships", "version": 2.10}})["info"] == {
        "title": "Ships",
        "version": "2.1",
    }


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (None, "http://localhost:8080"),
        ("0.0.0.0", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("::1", "http://[::1]:8080"),
        ("10.1.2.3", "http://10.1.2.3:8080"),
        ("ships.example", "http://ships.example:8080"),
    ],
)
def test_the_server_is_where_callers_reach_it(address: str | None, url: str) -> None:
    expose = make_rest_expose() | ({"address": address} if address else {})
    assert described(make_document(exposes=[expose]))["servers"] == [{"url": url}]


def test_an_unknown_port_is_left_out() -> None:
    assert "servers" not in described(make_document(exposes=[make_rest_expose(port=0)]))


def test_exposes_on_one_port_are_one_document() -> None:
    others = make_rest_expose("/crews") | {"namespace": "crews"}
    assert [*described(make_document(exposes=[make_rest_expose(), others]))["paths"]] == ["/ships", "/crews"]


@pytest.mark.parametrize(
    ("authentication", "schemes"),
    [
        ({"type": "basic", "username": "{{USER}}", "password": "{{KEY}}"}, {"basic": ("http", "basic")}),
        ({"type": "digest", "username": "{{USER}}", "password": "{{KEY}}"}, {"digest": ("http", "digest")}),
        ({"type": "bearer", "token": "{{KEY}}"}, {"bearer": ("http", "bearer")}),
    ],
)
def test_guards_are_security_schemes(authentication: dict[str, str], schemes: dict[str, tuple[str, str]]) -> None:
    binds = GUARD if "username" in authentication else {"KEY": "K"}
    found = described(make_document(exposes=[make_rest_expose() | {"authentication": authentication}], binds=binds))
    assert found["components"]["securitySchemes"] == {
        name: {"type": kind, "scheme": scheme} for name, (kind, scheme) in schemes.items()
    }
    assert found["security"] == [{name: [] for name in schemes}]
    assert only(found)["responses"]["401"] == {"$ref": "#/components/responses/Unauthorized"}


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_key_is_a_scheme_with_its_place(place: str) -> None:
    guard = {"type": "apikey", "key": "X-Key", "value": "{{KEY}}", "placement": place}
    found = described(make_document(exposes=[make_rest_expose() | {"authentication": guard}], binds={"KEY": "K"}))
    assert found["components"]["securitySchemes"] == {"apiKey": {"type": "apiKey", "in": place, "name": "X-Key"}}


def test_of_several_keys_all_are_needed_and_no_value_shows() -> None:
    guard = {"type": "apikey", "headers": {"X-A": "{{KEY}}", "X-B": "fixed-value"}}
    data = make_document(exposes=[make_rest_expose() | {"authentication": guard}], binds={"KEY": "K"})
    found = described(data, warns=("non-standard-key",))
    assert [scheme["name"] for scheme in found["components"]["securitySchemes"].values()] == ["X-A", "X-B"]
    assert found["security"] == [{"apiKey": [], "apiKey2": []}]
    assert "fixed-value" not in str(found)


def test_without_a_guard_there_is_no_401() -> None:
    found = described(make_document())
    assert "401" not in only(found)["responses"]
    assert "Unauthorized" not in found["components"]["responses"]
    assert found["security"] == []


# -- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/ships", "/ships"),
        ("/ships/{id}", "/ships/{id}"),
        ("/ships/{{id}}", "/ships/{id}"),
        ("/ships:scan", "/ships:scan"),
        ("/Ships('{id}')", "/Ships('{id}')"),
        ("/{id}.json", "/{id}.json"),
        ("/schïffe", "/sch%C3%AFffe"),
        ("/a%2Fb", "/a%2Fb"),
        ("/ships/", "/ships/"),
    ],
)
def test_paths_are_written_as_openapi_has_them(route: str, path: str) -> None:
    found = described(
        make_document(path="/ships/{id}" if "id" in route else "/ships", exposes=[make_rest_expose(route)])
    )
    assert [*found["paths"]] == [path]
    assert [name for name, one in parameters(found).items() if one["in"] == "path"] == ["id"] * ("id" in route)


def test_paths_that_differ_in_names_only_are_one() -> None:
    resources = [
        {"path": "/{a}/{b}", "operations": [{"method": "GET", "call": "registry.op"}]},
        {"path": "/{b}/{a}", "operations": [{"method": "PUT", "call": "registry.op"}]},
        {"path": "/{a}/x", "operations": [{"method": "GET", "call": "registry.op"}]},
    ]
    expose = make_rest_expose() | {"resources": resources}
    found = described(make_document(path="/{a}/{b}", exposes=[expose]), warns=("undeclared-placeholder",))
    assert {path: [*item] for path, item in found["paths"].items()} == {"/{a}/{b}": ["get", "put"], "/{a}/x": ["get"]}
    put = [one["name"] for one in found["paths"]["/{a}/{b}"]["put"]["parameters"]]
    assert put[:2] == ["a", "b"]


def test_a_renamed_placeholder_keeps_its_own_type() -> None:
    both = [{"name": "x", "in": "path", "type": "integer"}, {"name": "y", "in": "path", "type": "boolean"}]
    resources = [
        {"path": "/{x}/{y}", "operations": [{"method": "GET", "call": "registry.op", "inputParameters": both}]},
        {"path": "/{y}/{x}", "operations": [{"method": "PUT", "call": "registry.op", "inputParameters": both}]},
    ]
    found = described(make_document(path="/{x}/{y}", exposes=[make_rest_expose() | {"resources": resources}]))
    types = {
        method: [(one["name"], one["schema"]["type"]) for one in operation["parameters"] if one["in"] == "path"]
        for method, operation in found["paths"]["/{x}/{y}"].items()
    }
    assert types == {"get": [("x", "integer"), ("y", "boolean")], "put": [("x", "boolean"), ("y", "integer")]}


def test_a_placeholder_that_the_document_fills_is_still_one_of_the_path() -> None:
    inputs = [{"name": "id", "in": "path", "value": "7"}]
    found = described(make_document(path="/ships/{id}", exposes=[make_rest_expose("/ships/{id}", inputs=inputs)]))
    assert parameters(found)["id"]["schema"] == {"type": "string", "minLength": 1}


def test_operations_have_names_of_their_own() -> None:
    operations = [{"method": method, "call": "registry.op", "name": "same"} for method in ("GET", "PUT")]
    resources = [
        {"path": "/a/b", "operations": operations},
        {"path": "/a-b", "operations": [{"call": "registry.op"}]},
        {"path": "/a.b", "operations": [{"call": "registry.op"}]},
        {"path": "/", "operations": [{"call": "registry.op"}]},
    ]
    found = described(make_document(exposes=[make_rest_expose() | {"resources": resources}]))
    names = [one["operationId"] for item in found["paths"].values() for one in item.values()]
    assert names == ["same", "same-2", "get-a-b", "get-a-b-2", "get"]


@pytest.mark.parametrize(
    ("description", "summary"),
    [
        ("Lists ships.", "Lists ships."),
        ("Lists ships.\nAll of them.", "Lists ships. All of them."),
        ("Lists ships, v1.2. " + "And so on. " * 20, "Lists ships, v1.2."),
        ("ship " * 100, "ship " * 23 + "…"),
    ],
)
def test_a_summary_is_the_beginning_of_the_description(description: str, summary: str) -> None:
    operation = only(described(make_document(exposes=[make_rest_expose(description=description)])))
    assert (operation["description"], operation["summary"]) == (description, summary)


def test_without_a_description_the_name_is_the_summary() -> None:
    data = make_document({"description": None})
    assert (
        only(described(make_document(exposes=[make_rest_expose(name="listAll_open-ships")])))["summary"]
        == "List All open ships"
    )
    assert "description" not in only(described(data))


@pytest.mark.parametrize("file", [*FILES, *JOURNEYS], ids=lambda path: path.stem)
def test_what_linters_recommend_is_there(file: Path, tmp_path: Path) -> None:
    """The rules that Redocly and Spectral take for errors, and those of their warnings that a document can keep."""
    is_journey = file.suffix == ".yml"
    linked = (
        read_story(file, tmp_path).plan("http://127.0.0.1:1")
        if is_journey
        else load(file, Overrides(skip_broken=True)).plan
    )
    assert linked is not None
    for server in servers_of(linked):
        found = write_openapi(linked, [server])
        schemes = found.get("components", {}).get("securitySchemes", {})
        assert [*found["security"]] == ([{name: [] for name in schemes}] if schemes else [])
        operations = [operation for item in found["paths"].values() for operation in item.values()]
        assert all(operation["summary"] for operation in operations)
        assert all(operation["tags"] == [tag["name"] for tag in found["tags"]] for operation in operations)
        assert len({operation["operationId"] for operation in operations}) == len(operations)
        text = json.dumps(found)
        for kind, parts in found["components"].items():
            assert all(kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in text for name in parts)
        bodies = [operation["requestBody"] for operation in operations if "requestBody" in operation]
        assert all("schema" in media for body in bodies for media in body["content"].values())


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


# -- bodies -----------------------------------------------------------------------------------------------------------


def body(inputs: list[Any], method: str = "POST", consumed: dict[str, Any] | None = None) -> Any:
    declared: dict[str, Any] = {"inputs": inputs} if inputs else {}
    own = {"method": method, **({"body": {"type": "json"}} if inputs else {}), **(consumed or {})}
    data = make_document(own, [make_rest_expose(**declared, method=method)])
    return only(described(data)).get("requestBody")


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
            {"application/json": {"schema": {"type": ["object", "null"], "properties": {"b": TEXT}}}},
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
    crew = {"type": ["object", "null"], "properties": {"name": {"type": ["string", "null"]}}}
    assert found["properties"]["members"] == {"type": ["array", "null"], "items": crew}
    for schema in schemas:
        assert schema is not None
        assert schema.schema["properties"] == found["properties"]
    assert paths["/voyages"]["post"]["responses"]["200"] == {"description": "The result."}
