"""The spans of a workflow are its steps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from support.caller import call
from support.collector import Collector, read_attributes
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

ENVIRONMENT = {"WORKFLOW_TOKEN": "wf-5d1e70c2"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def web(documents: Path, api: Upstream, collector: Collector) -> Iterator[str]:
    options = ("--base-uri", f"api={api.url}", "--linger", "0")
    variables = collector.environment(**ENVIRONMENT)
    with Gateway(documents / "workflows.yaml", ["web", "tools"], *options, environment=variables) as gateway:
        yield gateway.urls["web"]


def reply(value: object, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())


def by_name(spans: list[Span]) -> dict[str, Span]:
    found = {span.name: span for span in spans}
    assert len(found) == len(spans)
    assert len({span.trace_id for span in spans}) == 1
    return found


def test_each_step_has_a_span_above_that_of_its_call(web: str, api: Upstream, collector: Collector) -> None:
    for number, path in enumerate(("/one", "/two", "/three")):
        api.on("GET", path, reply({"n": number}))
    assert call(web, "/three").status == 200
    spans = by_name(collector.wait_spans(7))
    request = spans["GET /three"]
    for step, operation in (("first", "one"), ("second", "two"), ("third", "three")):
        own, client = spans[f"step {step}"], spans[f"GET api.{operation}"]
        assert (own.kind, client.kind) == (Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_CLIENT)
        assert (own.parent_span_id, client.parent_span_id) == (request.span_id, own.span_id)
        assert read_attributes(own) == {"naftiko.step": step, "naftiko.operation": f"api.{operation}"}
        assert own.status.code == Status.STATUS_CODE_UNSET
        assert request.start_time_unix_nano <= own.start_time_unix_nano <= client.start_time_unix_nano
        assert client.end_time_unix_nano <= own.end_time_unix_nano <= request.end_time_unix_nano
    sent = {one.target: one.header("traceparent") or "" for one in api.received}
    assert sent["/two"][:-3] == f"00-{request.trace_id.hex()}-{spans['GET api.two'].span_id.hex()}"


def test_failed_and_cancelled_steps_are_errors(web: str, api: Upstream, collector: Collector) -> None:
    arrived = Gate()

    async def arrive() -> None:
        arrived.open()

    api.on("GET", "/one", Reply(404, {}, b"", before=arrived.wait))
    api.on("GET", "/two", Reply(chunks=[b"{"], until_gone=True, before=arrive))
    api.on("GET", "/three", reply({"n": 1}))
    assert call(web, "/three").status == 404
    spans = by_name(collector.wait_spans(7))
    failed = {name: read_attributes(spans[name])["error.type"] for name in ("step first", "step second")}
    assert failed == {"step first": "404", "step second": "cancelled"}
    assert {spans[name].status.code for name in failed} == {Status.STATUS_CODE_ERROR}


def test_a_step_whose_failure_is_ignored_is_no_error(web: str, api: Upstream, collector: Collector) -> None:
    api.on("GET", "/one", reply({"id": 7, "n": 1}))
    api.on("GET", "/two", reply({}, 404))
    assert call(web, "/control").status == 200
    spans = by_name(collector.wait_spans(6))
    assert "error.type" not in read_attributes(spans["step second"])
    assert read_attributes(spans["GET api.two"])["error.type"] == "404"
    assert spans["step third"].parent_span_id == spans["GET /control"].span_id


def test_a_lookup_has_a_span_without_an_operation(web: str, api: Upstream, collector: Collector) -> None:
    api.on("GET", "/one", reply([{"id": 7, "name": "Ann"}]))
    assert call(web, "/found").json == {"id": 7, "name": "Ann"}
    spans = by_name(collector.wait_spans(4))
    lookup = spans["step found"]
    assert read_attributes(lookup) == {"naftiko.step": "found"}
    assert lookup.parent_span_id == spans["GET /found"].span_id
    assert spans["step rows"].end_time_unix_nano <= lookup.start_time_unix_nano


def test_a_request_that_is_not_recorded_has_no_spans(web: str, api: Upstream, collector: Collector) -> None:
    api.on("GET", "/one", reply([{"id": 7}]))
    unsampled = f"00-{'4b' * 16}-{'00f0' * 4}-00"
    assert call(web, "/found", headers={"traceparent": unsampled}).json == {"id": 7, "name": None}
    assert api.last.header("traceparent") == unsampled
    assert call(web, "/found").json == {"id": 7, "name": None}
    assert len(collector.wait_spans(4)) == 4
