"""Random graphs of steps over real sockets, by REST and both eras of MCP: `tests/properties` has many more."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from support.caller import call
from support.gateway import Gateway
from support.mcp_messages import MODERN, result, text_of
from support.step_graphs import (
    SequentialRun,
    draw_graph,
    make_consumed,
    make_mappings,
    make_steps,
    respond,
    strip_details,
)
from support.upstream import Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRAPHS = [draw_graph(Random(seed)) for seed in range(40)]  # noqa: S311 - no secret


class GraphUpstream(Upstream):
    """Responds to the requests of all graphs."""

    def _record(self, scope: Any, body: bytes) -> Reply:
        super()._record(scope, body)
        graph, number, given = read_request(self.last.target)
        status, value = respond(GRAPHS[graph], number, given)
        return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())


def read_request(target: str) -> tuple[int, int, str | None]:
    """The graph, the number of the call, and its value."""
    query = {name: values[0] for name, values in parse_qs(target.partition("?")[2]).items()}
    return int(query["g"]), int(query["n"]), query.get("v")


@pytest.fixture(scope="module")
def graph_upstream() -> Iterator[Upstream]:
    with GraphUpstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(graph_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    file = write_document(tmp_path_factory.mktemp("graphs") / "graphs.yaml", graph_upstream.url)
    with Gateway(file, ["web", "tools"]) as running:
        yield running


def write_document(file: Path, base: str) -> Path:
    """A document, which is JSON, with a route and a tool for each graph."""
    parts = [(f"g{n}", {"steps": make_steps(one, n), "mappings": make_mappings(one)}) for n, one in enumerate(GRAPHS)]
    resources = [{"path": f"/{name}", "operations": [{"method": "GET", **part}]} for name, part in parts]
    tools = [{"name": name, "description": "Runs", **part} for name, part in parts]
    exposes = [
        {"type": "rest", "namespace": "web", "port": 8080, "resources": resources},
        {"type": "mcp", "namespace": "tools", "port": 9090, "tools": tools},
    ]
    capability = {"consumes": [make_consumed(base)], "exposes": exposes}
    file.write_text(json.dumps({"naftiko": "1.0.0-alpha2", "info": {"label": "x"}, "capability": capability}))
    return file


def check_requests(upstream: Upstream, expected: SequentialRun) -> None:
    sent = Counter(read_request(one.target)[1:] for one in upstream.received)
    assert Counter(expected.sent) <= sent
    assert expected.failed is not None or Counter(expected.sent) == sent


@pytest.mark.parametrize("number", range(len(GRAPHS)))
def test_a_graph_gives_over_sockets_what_its_steps_give_in_sequence(
    gateway: Gateway, graph_upstream: Upstream, number: int
) -> None:
    expected = SequentialRun(GRAPHS[number]).run()
    graph_upstream.reset()
    response = call(gateway.urls["web"], f"/g{number}")
    check_requests(graph_upstream, expected)
    if expected.failed is not None:
        step, status = expected.failed
        assert (response.status, response.json["step"], response.json["status"]) == (status, step, status)
    else:
        assert response.status == 200
        check_outputs(response.json, expected)


@pytest.mark.parametrize("number", range(0, len(GRAPHS), 4))
@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_a_tool_gives_the_same(gateway: Gateway, graph_upstream: Upstream, number: int, mode: str) -> None:
    expected = SequentialRun(GRAPHS[number]).run()
    graph_upstream.reset()
    found = await result(gateway.urls["tools"], f"g{number}", mode=mode)
    check_requests(graph_upstream, expected)
    if expected.failed is not None:
        assert found.is_error
        assert text_of(found).startswith(f"step '{expected.failed[0]}' failed")
    else:
        check_outputs(found.structured_content, expected)


def check_outputs(outputs: dict[str, Any], expected: SequentialRun) -> None:
    assert [strip_details(outputs[f"s{one}"]) for one in range(len(outputs))] == expected.outputs
