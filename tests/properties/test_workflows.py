"""Any workflow, any timing: the result is that of its steps in sequence, and no value leaves its place."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import Rejected, StepError, UpstreamUnreachable
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.formats import make_decoder
from naftiko_runtime.plan import Workflow
from support.hostile_values import NAMES, VALUES, make_builders, make_workflow_plan
from support.linked import load_document
from support.repeating_transport import FixedResponse
from support.scripted_steps import (
    BROKEN,
    REFUSED,
    ScriptedStep,
    ScriptedTransport,
    make_workflow,
    run_in_sequence,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport

FEW = settings(max_examples=60)
MORE = settings(max_examples=100)
OUTCOMES = st.sampled_from(["ok"] * 8 + ["404", "503", "302", *REFUSED])
TURNS = st.integers(0, 7)


@st.composite
def scripts(draw: st.DrawFn) -> list[ScriptedStep]:
    """Steps that use any earlier one, or none."""
    steps: list[ScriptedStep] = []
    for number in range(draw(st.integers(1, 7))):
        method = draw(st.sampled_from(["GET", "GET", "GET", "POST"]))
        uses = draw(st.none() | st.integers(0, number - 1)) if number else None
        continues = draw(st.sampled_from([False, False, True]))
        steps.append(ScriptedStep(method, uses, draw(OUTCOMES), draw(st.tuples(TURNS, TURNS)), continues))
    return steps


def run(plan: Plan, transport: Transport, values: dict[str, Any]) -> tuple[int, Any]:
    """The status and the value of a run."""

    async def call() -> tuple[int, Any]:
        async with bind(plan, {}, lambda: transport) as bound:
            operation = bound.servers[0].parts[0][1]
            async with operation.run(Invocation(values=values)) as result:
                if result.is_mapped:
                    return result.status, result.value
                body = await result.read()
                return result.status, BROKEN if body == BROKEN else json.loads(body)["v"]

    return asyncio.run(call())


def list_stages(plan: Plan) -> list[list[int]]:
    """The numbers of the steps of each stage."""
    (part,) = plan.servers[0].parts
    assert isinstance(part.operation.execution, Workflow)
    return [[int(step.name[1:]) for step in stage] for stage in part.operation.execution.stages]


def link_steps(steps: Sequence[ScriptedStep], *, maps: bool) -> Plan:
    loaded = load_document(make_workflow(steps, maps=maps))
    assert {one.rule.slug for one in loaded.diagnostics} <= {"unused-step", "insecure-upstream"}, loaded.diagnostics
    assert loaded.plan is not None
    return loaded.plan


def make_step(method: str, outcome: str, turns: int = 0) -> ScriptedStep:
    return ScriptedStep(method, None, outcome, (turns, 0))


@FEW
@given(scripts(), st.booleans())
@example([make_step("GET", "503", 5), make_step("GET", "ok", 7), make_step("GET", "404")], True)
@example([make_step("GET", "ok"), make_step("POST", "404"), make_step("GET", "ok")], False)
def test_a_run_gives_what_its_steps_give_in_sequence(steps: list[ScriptedStep], maps: bool) -> None:
    if not maps:  # the output of the last step would be the result, instead of its response
        steps[-1] = replace(steps[-1], continues=False)
    plan, transport = link_steps(steps, maps=maps), ScriptedTransport(steps)
    expected = run_in_sequence(steps, maps=maps)
    stages = list_stages(plan)
    try:
        result = run(plan, transport, {})
    except StepError as error:
        found = error.step, error.status
        assert found == expected.failed
    except UpstreamUnreachable:  # the last response breaks off while the caller reads it: the run is over
        assert not maps
        assert (stages[-1], steps[-1].outcome) == ([len(steps) - 1], "truncated")
    else:
        values = {f"v{number}": value for number, value in enumerate(expected.values)}
        last = expected.values[-1] if steps[-1].outcome == "ok" else BROKEN
        assert (expected.failed, result) == (None, (200, values if maps else last))
    check_requests(transport, stages, expected.failed)


def check_requests(transport: ScriptedTransport, stages: list[list[int]], failed: tuple[str, int] | None) -> None:
    """Each request at most once, each response closed once, and no stage before the end of the one before it."""
    sent, events = transport.sent, transport.events
    assert sorted(transport.ended) == sorted(set(sent)) == sorted(sent)
    reached = [stage for stage in stages if failed is None or stage[0] <= int(failed[0][1:])]
    assert set(sent) <= {number for stage in reached for number in stage}
    complete = reached if failed is None else reached[:-1]
    assert set(sent) >= {number for stage in complete for number in stage}
    for before, after in pairwise(reached):
        ends = [events.index(f"-{number}") for number in before]
        assert max(ends) < min(events.index(f"+{number}") for number in after if number in sent)
    methods = [{transport.steps[number].method for number in stage} for stage in stages if len(stage) > 1]
    assert all(each == {"GET"} for each in methods)


PLAIN = make_builders()
DECODE = make_decoder("json")
WITHOUT_B = ("all", "text")
"""The operations with one place. A plain call would give the other input its own."""
STEPS = make_workflow_plan()


class KeepingTransport:
    """Responds to the first step with a value, and keeps the other request."""

    def __init__(self, value: Any) -> None:
        self.request: OutboundRequest | None = None
        self._body = encode_json({"a": value})

    async def send(self, request: OutboundRequest) -> FixedResponse:
        if request.operation == "api.source":
            return FixedResponse(200, ((b"content-type", b"application/json"),), self._body)
        self.request = request
        return FixedResponse(200)

    async def aclose(self) -> None:
        """Close nothing."""


async def send_step(name: str, transport: KeepingTransport, values: dict[str, Any]) -> None:
    async with bind(STEPS, {}, lambda: transport) as bound:
        operation = bound.servers[0].parts[NAMES.index(name)][1]
        async with operation.run(Invocation(values=values)):
            pass


@MORE
@given(st.sampled_from(NAMES), VALUES, VALUES)
@example("path", "..", "x")
@example("path", "x", "..")
@example("fields", "x\r\nX-Evil: 1", "; three=3")
@example("raw", 'x", "y": "', '", "admin": true, "x": "')
@example("form", "x&c=2", "&d=1")
@example("xml", "</a><evil/>", "' evil='1")
def test_a_step_sends_what_a_plain_call_sends(name: str, from_step: Any, from_caller: Any) -> None:
    """So what holds for the values of plain calls (``test_requests.py``) holds for those of steps."""
    try:
        transport = KeepingTransport(from_step)
    except Unrenderable:
        return  # no response has this value
    decoded: Any = DECODE(encode_json({"a": from_step}), None, Irregularities())
    request: OutboundRequest | None = None
    with suppress(Rejected):
        values = decoded if name in WITHOUT_B else {**decoded, "b": from_caller}
        request = PLAIN[name].build(Invocation(values=values))
    if request is None:
        with pytest.raises((Rejected, StepError)) as error:
            asyncio.run(send_step(name, transport, {"b": from_caller}))
        assert getattr(error.value, "step", "then") == "then"
        assert transport.request is None
    else:
        asyncio.run(send_step(name, transport, {"b": from_caller}))
        sent = transport.request
        assert sent is not None
        assert (sent.method, sent.url, sent.body) == (request.method, request.url, request.body)
        assert sorted(sent.headers) == sorted(request.headers)
