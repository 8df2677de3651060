"""Equal parts of executions are compiled once, whoever refers to them."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.engine import shared_compiled_parts
from naftiko_runtime.engine.request import RequestBuilder
from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.sandbox_responses import SandboxTransport
from support.linked import link_plan, make_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.plan import Plan

OUTPUTS = [{"type": "object", "properties": {"name": {"type": "string", "mapping": "$.name"}}}]
MOCK = [{"name": "imo", "type": "integer", "value": "{{imo}}"}]
INPUTS = [{"name": "imo", "type": "string"}]


class Compilations:
    """Counts what is compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = self.shapes = 0
        monkeypatch.setattr(shared_compiled_parts, "RequestBuilder", self.count("requests", RequestBuilder))
        monkeypatch.setattr(shared_compiled_parts, "compile_shapes", self.count("shapes", compile_shapes))

    def count(self, what: str, compiling: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            setattr(self, what, getattr(self, what) + 1)
            return compiling(*arguments, **named)

        return counted


def make_plan(other: list[dict[str, Any]] | None = OUTPUTS, **function: Any) -> Plan:
    """The plan of a function that a route and two tools refer to, and a third tool with its own outputs."""
    rest = {"path": "/ships/{imo}", "operations": [{"method": "GET", "ref": "fleet.find"}]}
    tools: list[dict[str, Any]] = [
        {"ref": "fleet.find"},
        {"name": "again", "ref": "fleet.find", "description": "Again."},
    ]
    tools += [] if other is None else [{"name": "other", "ref": "fleet.find", "outputParameters": other}]
    exposes = [
        {"type": "rest", "namespace": "web", "port": 8080, "resources": [rest]},
        {"type": "mcp", "namespace": "tools", "port": 9090, "tools": tools},
    ]
    document = make_document({"inputParameters": [{"name": "imo", "in": "path"}]}, exposes, path="/ships/{imo}")
    functions = [{"name": "find", "description": "Finds a ship.", "inputParameters": INPUTS, **function}]
    document["capability"]["aggregates"] = [{"namespace": "fleet", "label": "Fleet", "functions": functions}]
    return link_plan(document)


@pytest.mark.parametrize("send", [lambda plan: plan, lambda plan: pickle.loads(pickle.dumps(plan))])  # noqa: S301 - ours
async def test_a_function_is_compiled_once_for_all_that_refer_to_it(
    monkeypatch: pytest.MonkeyPatch, send: Callable[[Plan], Plan]
) -> None:
    plan = send(make_plan(call="registry.op", outputParameters=OUTPUTS))
    compilations = Compilations(monkeypatch)
    async with bind(plan, {}, lambda: SandboxTransport({})) as bound:
        operations = [operation for server in bound.servers for _, operation in server.parts]
    assert len(operations) == 4
    assert (compilations.requests, compilations.shapes) == (1, 1)
    assert [operation.execution.name for operation in operations] == [
        "web.find",
        "tools.find",
        "tools.again",
        "tools.other",
    ]


async def test_another_result_is_compiled_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(call="registry.op", outputParameters=[{"type": "string", "mapping": "$.flag"}])
    compilations = Compilations(monkeypatch)
    async with bind(plan, {}, lambda: SandboxTransport({})):
        assert (compilations.requests, compilations.shapes) == (1, 2)


async def test_a_request_whose_response_passes_through_is_compiled_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    compilations = Compilations(monkeypatch)
    async with bind(make_plan(call="registry.op"), {}, lambda: SandboxTransport({})):
        assert (compilations.requests, compilations.shapes) == (2, 1)


async def test_the_shapes_of_a_mock_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(None, outputParameters=MOCK)
    compilations = Compilations(monkeypatch)
    async with bind(plan, {}, lambda: SandboxTransport({})) as bound:
        assert sum(len(server.parts) for server in bound.servers) == 3
        assert (compilations.requests, compilations.shapes) == (0, 1)
