"""The OpenAPI document of a plan: valid for every plan, and a description of each part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from journeys.story import read_story
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.openapi import write_openapi
from support.linked import link_plan, make_document, make_rest_expose
from support.openapi_documents import ROOT, check, described, only, parameters, servers_of

if TYPE_CHECKING:
    from pathlib import Path

JOURNEYS = sorted((ROOT / "tests" / "journeys").glob("*.yml"))
FILES = [
    *sorted(path for path in ROOT.glob("capabilities/**/*.yaml") if ".sandbox." not in path.name),
    *sorted(ROOT.glob("tests/integration/documents/*.yaml")),
    *sorted(ROOT.glob("tests/integration/openapi/*.yaml")),
]
GUARD = {"USER": "U", "KEY": "K"}


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


def test_operations_name_the_scopes_that_they_need() -> None:
    accepted: dict[str, Any] = {
        "type": "oauth2",
        "authorizationServerUri": "https://auth.example",
        "resource": "https://ships.example",
    }
    accepted |= {"tokenEndpoint": "https://auth.example/token", "requiredScopes": ["read"], "scopes": ["read", "write"]}
    expose = make_rest_expose(requiredScopes=["write"]) | {"authentication": accepted}
    found = described(make_document(exposes=[expose]))
    flow = {"tokenUrl": "https://auth.example/token", "scopes": {"read": "", "write": ""}}
    assert found["components"]["securitySchemes"] == {
        "oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}
    }
    assert found["security"] == [{"oauth2": ["read"]}]
    assert found["paths"]["/ships"]["get"]["security"] == [{"oauth2": ["read", "write"]}]


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
        assert [list(each) for each in found["security"]] == ([list(schemes)] if schemes else [])
        operations = [operation for item in found["paths"].values() for operation in item.values()]
        assert all(operation["summary"] for operation in operations)
        assert all(operation["tags"] == [tag["name"] for tag in found["tags"]] for operation in operations)
        assert len({operation["operationId"] for operation in operations}) == len(operations)
        text = json.dumps(found)
        for kind, parts in found["components"].items():
            assert all(kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in text for name in parts)
        bodies = [operation["requestBody"] for operation in operations if "requestBody" in operation]
        assert all("schema" in media for body in bodies for media in body["content"].values())
