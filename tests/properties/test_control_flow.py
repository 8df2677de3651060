"""Any graph of calls, lookups, loops, fallbacks and conditions gives, at any timing, what it gives in sequence."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import StepError
from support.linked import load_document
from support.repeating_transport import FixedResponse
from support.scripted_steps import take_turns
from support.step_graphs import (
    BASE,
    FALLBACK,
    GraphCall,
    SequentialRun,
    draw_graph,
    make_consumed,
    make_mappings,
    make_steps,
    respond,
    strip_details,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.upstream.interface import OutboundRequest
    from support.step_graphs import GraphStep


class GraphTransport:
    """Responds to the requests of a graph, each after some turns of the event loop.

    Attributes:
        sent: The number and the value of each request.
        running: The number of requests without a response.
    """

    def __init__(self, graph: Sequence[GraphStep]) -> None:
        self._graph = graph
        self.sent: list[tuple[int, str | None]] = []
        self.running = 0

    async def send(self, request: OutboundRequest) -> FixedResponse:
        query = {name: values[0] for name, values in parse_qs(request.url.partition("?")[2]).items()}
        number, given = int(query["n"]), query.get("v")
        self.sent.append((number, given))
        self.running += 1
        try:
            await take_turns((self._graph[number % FALLBACK].turns + 3 * ord((given or "-")[0])) % 8)
        finally:
            self.running -= 1
        status, value = respond(self._graph, number, given)
        return FixedResponse(status, ((b"content-type", b"application/json"),), json.dumps(value).encode())

    async def aclose(self) -> None:
        """Close nothing."""


def link_graph(graph: Sequence[GraphStep]) -> Plan:
    tool = {"name": "run", "description": "Runs", "steps": make_steps(graph), "mappings": make_mappings(graph)}
    exposed = {"type": "mcp", "namespace": "tools", "port": 9090, "tools": [tool]}
    loaded = load_document(
        {
            "naftiko": "1.0.0-alpha2",
            "info": {"label": "Random steps"},
            "capability": {"consumes": [make_consumed(BASE)], "exposes": [exposed]},
        }
    )
    assert {one.rule.slug for one in loaded.diagnostics} <= {"insecure-upstream", "field-of-list"}, loaded.diagnostics
    assert loaded.plan is not None
    return loaded.plan


async def run_graph(plan: Plan, transport: GraphTransport) -> dict[str, Any] | tuple[str, int]:
    """The result, or the failed step and its status."""
    async with bind(plan, {}, lambda: transport) as bound:
        operation = bound.servers[0].parts[0][1]
        try:
            async with operation.run(Invocation()) as result:
                value: dict[str, Any] = result.value
                return value
        except StepError as error:
            return error.step, error.status


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_a_graph_gives_what_its_steps_give_in_sequence(seed: int) -> None:
    graph = draw_graph(Random(seed))  # noqa: S311 - no secret
    expected, transport = SequentialRun(graph).run(), GraphTransport(graph)
    result = asyncio.run(run_graph(link_graph(graph), transport))
    more = Counter(transport.sent)
    more.subtract(expected.sent)
    assert min(more.values(), default=0) == transport.running == 0
    if isinstance(result, tuple):
        assert result == expected.failed
        assert all(is_safe(graph[number % FALLBACK]) for (number, _), count in more.items() if count)
    else:
        assert expected.failed is None
        assert [strip_details(result[f"s{number}"]) for number in range(len(graph))] == expected.outputs
        assert not any(more.values())


def is_safe(step: GraphStep) -> bool:
    return isinstance(step.kind, GraphCall) and step.kind.method == "GET"
