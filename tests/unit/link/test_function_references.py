"""``ref``: what operations and tools inherit of functions, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.plan import Argument, Call, Constant, Mock
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import parse_source
from support.linked import get_request, load_document

if TYPE_CHECKING:
    from naftiko_runtime.plan import Operation, Plan, Tool

CONSUMED = """
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships.}
capability:
  consumes:
    - namespace: registry
      baseUri: https://registry.acme.io/v1
      resources:
        - path: /ships/{imo}
          inputParameters: [{name: imo, in: path}]
          operations:
            - {name: get}
            - {name: photo, outputRawFormat: binary}
            - {name: rename, method: PUT, body: {type: json}}
"""
FUNCTION: dict[str, Any] = {
    "name": "get-ship",
    "description": "Finds a ship.",
    "inputParameters": [{"name": "imo", "type": "string", "description": "Its number."}],
    "call": "registry.get",
    "with": {"imo": "$this.fleet.imo"},
    "outputParameters": [{"type": "string", "mapping": "$.name"}],
}


def make_document(
    *operations: dict[str, Any], function: dict[str, Any] | None = None, path: str = "/ships/{imo}", **keys: Any
) -> dict[str, Any]:
    """A document with one function; operations without a method are tools."""
    document: dict[str, Any] = parse_source(CONSUMED.encode(), "x.yml").data
    functions = [{**FUNCTION, **(function or {})}]
    functions = [{key: value for key, value in one.items() if value is not None} for one in functions]
    routes = [one for one in operations if "method" in one]
    tools = [one for one in operations if "method" not in one]
    rest = {"type": "rest", "namespace": "web", "port": 8080, "resources": [{"path": path, "operations": routes}]}
    mcp = {"type": "mcp", "namespace": "tools", "port": 9090, "tools": tools}
    exposes = [{**rest, **keys}] * bool(routes) + [{**mcp, **keys}] * bool(tools)
    aggregates = [{"namespace": "fleet", "label": "Fleet", "functions": functions}]
    document["capability"] |= {"aggregates": aggregates, "exposes": exposes}
    return document


def link_sound(document: dict[str, Any]) -> Plan:
    loaded = load_document(document)
    assert not [d.message for d in loaded.diagnostics if d.severity is Severity.ERROR]
    assert loaded.plan is not None
    return loaded.plan


def link(*operations: dict[str, Any], **keys: Any) -> list[Operation]:
    plan = link_sound(make_document(*operations, **keys))
    return [operation for server in plan.servers for operation in server.operations]


def link_tool(tool: dict[str, Any], **keys: Any) -> Tool:
    plan: Plan = link_sound(make_document(tool, **keys))
    server = plan.servers[0]
    (found,) = server.parts
    assert server.kind == "mcp"
    return found  # type: ignore[return-value]


def test_everything_that_refers_to_a_function_as_it_is_shares_its_execution() -> None:
    route, first, second = link(
        {"method": "GET", "ref": "fleet.get-ship"},
        {"ref": "fleet.get-ship"},
        {"name": "other", "ref": "fleet.get-ship", "description": "Another."},
    )
    assert route.execution is first.execution is second.execution
    assert [operation.description for operation in (route, first, second)] == [
        "Finds a ship.",
        "Finds a ship.",
        "Another.",
    ]
    assert [operation.name for operation in (route, first, second)] == ["web.get-ship", "tools.get-ship", "tools.other"]


@pytest.mark.parametrize(
    "own",
    [
        {"outputParameters": [{"type": "string", "mapping": "$.flag"}]},
        {"with": {"imo": "7"}},
        {"inputParameters": [{"name": "imo", "type": "integer"}]},
        {"call": "registry.rename"},
    ],
)
def test_what_replaces_something_has_its_own_execution(own: dict[str, Any]) -> None:
    plain, other = link({"ref": "fleet.get-ship"}, {"name": "other", "ref": "fleet.get-ship", **own})
    assert other.execution is not plain.execution
    assert (other.execution != plain.execution) or "inputParameters" in own


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("outputParameters", FUNCTION["outputParameters"]),
        ("with", {"imo": "7"}),
        ("inputParameters", FUNCTION["inputParameters"]),
    ],
)
def test_what_the_function_leaves_out_can_be_set(key: str, value: Any) -> None:
    """A function without outputs passes responses through; what refers to it may map them all the same."""
    function = {"with": {"imo": "1"}, "outputParameters": None, "inputParameters": None, key: None}
    plain, other = link(
        {"ref": "fleet.get-ship"}, {"name": "other", "ref": "fleet.get-ship", key: value}, function=function
    )
    (alone,) = link(
        {
            "name": "other",
            **{k: v for k, v in ({**FUNCTION, **function, key: value}).items() if v is not None and k != "name"},
        }
    )
    assert (other.execution, other.contract) == (alone.execution, alone.contract)
    assert plain.execution != other.execution


def test_an_own_value_replaces_those_of_the_function_as_a_whole() -> None:
    (operation,) = link({"ref": "fleet.get-ship", "with": {"imo": "7"}})
    assert get_request(operation).path[-1] == Constant("7")


@pytest.mark.parametrize("key", ["outputParameters", "inputParameters", "call"])
def test_a_key_without_a_value_is_inherited(key: str) -> None:
    (operation,) = link({"ref": "fleet.get-ship", key: None})
    assert isinstance(operation.execution, Call)
    assert get_request(operation).path[-1] == Argument("imo")
    assert operation.execution.shapes
    assert [spec.name for spec in operation.contract.inputs] == ["imo"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "POST", "PUT", "PATCH"])
def test_an_inherited_input_has_the_place_that_suits_the_path_and_the_method(method: str) -> None:
    inputs = [{"name": name, "type": "string"} for name in ("imo", "token", "name")]
    (operation,) = link(
        {"method": method, "ref": "fleet.get-ship"},
        function={"inputParameters": inputs, "call": "registry.rename"},
        inputParameters=[{"name": "token", "in": "header"}],
    )
    usual = "body" if method in ("POST", "PUT", "PATCH") else "query"
    assert {s.name: s.place for s in operation.contract.inputs} == {"imo": "path", "token": "header", "name": usual}
    assert all(spec.required for spec in operation.contract.inputs)


def test_an_inherited_input_is_optional_if_the_function_says_so() -> None:
    function = {
        "inputParameters": [*FUNCTION["inputParameters"], {"name": "q", "required": False}],
        "with": {"imo": "{{imo}}{{q}}"},
    }
    (operation,) = link({"method": "GET", "ref": "fleet.get-ship"}, function=function)
    assert {spec.name: spec.required for spec in operation.contract.inputs} == {"imo": True, "q": False}


def test_an_inherited_input_matches_a_placeholder_apart_from_case_and_punctuation() -> None:
    function = {"inputParameters": [{"name": "shipNumber"}], "with": {"imo": "fleet.shipNumber"}}
    (operation,) = link({"method": "GET", "ref": "fleet.get-ship"}, function=function, path="/ships/{ship-number}")
    assert get_request(operation).path[-1] == Argument("ship-number")
    assert [(spec.name, spec.place) for spec in operation.contract.inputs] == [("ship-number", "path")]


def test_a_placeholder_that_the_function_does_not_know_is_an_input_beside_its_own() -> None:
    shared, other = (
        link({"method": "GET", "ref": "fleet.get-ship"}, path=path)[0]
        for path in ("/ships/{imo}", "/fleets/{fleet}/{imo}")
    )
    assert [spec.name for spec in shared.contract.inputs] == ["imo"]
    assert {spec.name: spec.place for spec in other.contract.inputs} == {"imo": "path", "fleet": "path"}


@pytest.mark.parametrize("value", ["$this.fleet.imo", "fleet.imo", "imo", "{{imo}}", "$this.tools.imo", "tools.imo"])
def test_values_of_a_function_name_its_inputs_in_every_form(value: str) -> None:
    (operation,) = link({"ref": "fleet.get-ship"}, function={"with": {"imo": value}})
    assert get_request(operation).path[-1] == Argument("imo")


@pytest.mark.parametrize(
    ("semantics", "hints", "expected"),
    [
        ({"safe": True}, None, {"readOnlyHint": True, "destructiveHint": False}),
        ({"safe": False}, None, {"readOnlyHint": False}),
        ({"idempotent": True}, None, {"idempotentHint": True}),
        ({"idempotent": False, "cacheable": True}, None, {"idempotentHint": False}),
        ({"safe": True}, {"readOnly": False}, {"readOnlyHint": False, "destructiveHint": False}),
        (
            {"safe": True},
            {"destructive": True, "openWorld": False},
            {"readOnlyHint": True, "destructiveHint": True, "openWorldHint": False},
        ),
        ({}, {"idempotent": True}, {"idempotentHint": True}),
        (None, {"readOnly": True}, {"readOnlyHint": True}),
        (None, None, {}),
    ],
)
def test_hints_follow_from_semantics_one_by_one(
    semantics: dict[str, bool] | None, hints: dict[str, bool] | None, expected: dict[str, bool]
) -> None:
    tool = {"ref": "fleet.get-ship"} | ({} if hints is None else {"hints": hints})
    assert dict(link_tool(tool, function={"semantics": semantics}).hints) == expected


def test_a_mock_function_is_a_mock_everywhere() -> None:
    outputs = [{"name": "imo", "type": "integer", "value": "{{imo}}"}]
    function = {"call": None, "with": None, "outputParameters": outputs}
    route, tool = link({"method": "GET", "ref": "fleet.get-ship"}, {"ref": "fleet.get-ship"}, function=function)
    assert isinstance(tool.execution, Mock)
    assert route.execution is tool.execution


def test_an_own_call_keeps_the_values_of_the_function() -> None:
    (operation,) = link({"name": "other", "ref": "fleet.get-ship", "call": "registry.rename"})
    request = get_request(operation)
    assert (request.operation, request.path[-1]) == ("registry.rename", Argument("imo"))


def test_the_limit_of_an_expose_applies_to_what_refers_to_a_function() -> None:
    function = {"call": "registry.photo", "outputParameters": None}
    limited, free = (
        link({"ref": "fleet.get-ship"}, function=function, **keys)[0] for keys in ({"maxBinarySize": "1KiB"}, {})
    )
    assert limited.execution.untouched is not None
    assert free.execution.untouched is not None
    assert (limited.execution.untouched.bytes_max, free.execution.untouched.bytes_max) == (1024, None)


@pytest.mark.parametrize("level", ["function", "expose"])
def test_an_open_function_is_closed_by_an_empty_list(level: str) -> None:
    function: dict[str, Any] = {
        "inputParameters": [] if level == "function" else None,
        "with": None,
        "call": "registry.get",
    }
    keys: dict[str, Any] = {} if level == "function" else {"inputParameters": []}
    (tool,) = link({"ref": "fleet.get-ship"}, function={**function, "with": {"imo": "7"}}, **keys)
    assert not tool.contract.open


def test_a_function_without_inputs_is_open_over_both() -> None:
    function = {"inputParameters": None, "with": {"imo": "7"}}
    route, tool = link(
        {"method": "GET", "ref": "fleet.get-ship"}, {"ref": "fleet.get-ship"}, function=function, path="/x"
    )
    assert route.execution.open_query
    assert tool.contract.open


def find_messages(document: str) -> list[str]:
    loaded = load_source(parse_source(document.encode(), "x.yml"), Overrides(lint=True))
    return [f"{found.span.line if found.span else 0} {found.rule.slug}" for found in loaded.diagnostics]


BROKEN = """naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships.}
capability:
  consumes:
    - {namespace: registry, baseUri: "https://registry.acme.io", resources: [{path: /ships, operations: [{name: get}]}]}
  aggregates:
    - namespace: fleet
      label: Fleet
      functions:
        - name: find
          description: Finds ships.
          inputParameters: [{name: q, type: string, pattern: "("}]
          call: registry.get
          outputParameters: [{type: string, mapping: "$["}]
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /ships
          operations: [{method: GET, ref: fleet.find}, {method: PUT, ref: fleet.find, with: {q: "1"}}]
        - path: /ships/{q}
          operations: [{method: GET, ref: fleet.find}]
    - type: mcp
      namespace: tools
      description: Tools.
      port: 9090
      tools: [{ref: fleet.find}, {name: other, ref: fleet.find, call: registry.get}]
"""


def test_errors_in_a_function_are_reported_once_at_its_lines() -> None:
    found = find_messages(BROKEN)
    assert [line for line in found if line.split()[1].startswith("invalid")] == [
        "12 invalid-pattern",
        "14 invalid-jsonpath",
    ]
    assert len(found) == len(set(found))


def test_errors_in_a_function_that_nothing_refers_to_are_reported() -> None:
    text = BROKEN.replace(", call: registry.get}", "}").replace("ref: fleet.find", "call: registry.get")
    assert {"12 invalid-pattern", "14 invalid-jsonpath"} <= set(find_messages(text))
