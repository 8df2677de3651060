"""Traces with the variables of the SDK: protocols, exporters, propagators; and without the SDK."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.caller import call
from support.collector import Collector
from support.command import run_naftiko
from support.gateway import Gateway
from support.grpc_collector import GrpcCollector
from support.scrape import scrape_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
WITHOUT_SDK = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "opentelemetry.sdk":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def start(documents: Path, api: Upstream, environment: dict[str, str], *arguments: str) -> Gateway:
    base = ("--base-uri", f"api={api.url}", "--linger", "0", *arguments)
    return Gateway(documents / "mcp.yaml", ["web", "tools"], *base, environment=environment)


@pytest.mark.parametrize("workers", [1, 2])
def test_spans_go_by_grpc_when_that_is_the_protocol(documents: Path, api: Upstream, workers: int) -> None:
    with GrpcCollector() as collector:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cr%65t-key",
            "OTEL_BSP_SCHEDULE_DELAY": "1",
        }
        with start(documents, api, variables, "--workers", str(workers), "--control", "127.0.0.1:0") as gateway:
            call(gateway.urls["web"], "/things")
            spans = collector.wait_spans(2)
            scrape_until(gateway, lambda m: m.value("naftiko_spans_total", outcome="exported") == 2)
        assert collector.metadata["api-key"] == "s3cret-key"
        assert "s3cret-key" not in gateway.output
    assert {(span.kind, span.name) for span in spans} == {
        (Span.SPAN_KIND_SERVER, "GET /things"),
        (Span.SPAN_KIND_CLIENT, "GET api.list-things"),
    }


def test_spans_go_to_every_exporter_that_is_named(documents: Path, api: Upstream, collector: Collector) -> None:
    with start(documents, api, collector.environment(OTEL_TRACES_EXPORTER="otlp,console")) as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)
        assert gateway.stop() == 0
    assert '"name": "GET /things"' in gateway.printed
    assert '"name": "GET api.list-things"' in gateway.printed


def test_a_dead_collector_costs_spans_and_no_request(documents: Path, api: Upstream) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.1",
        "OTEL_BSP_SCHEDULE_DELAY": "1",
    }
    with start(documents, api, variables, "--control", "127.0.0.1:0") as gateway:
        for _ in range(20):
            assert call(gateway.urls["web"], "/things").status == 200
        scrape_until(gateway, lambda m: m.value("naftiko_spans_total", outcome="dropped") == 40)
        line = gateway.wait_log_line("spans dropped")
    assert line["collector"] == "127.0.0.1:1"
    assert "Failed to export spans batch" in line["reason"]


def test_a_variable_may_stand_in_an_env_file(
    documents: Path, api: Upstream, collector: Collector, tmp_path: Path
) -> None:
    file = tmp_path / "traces.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in collector.environment().items()))
    with start(documents, api, {"OTEL_SERVICE_NAME": "gate"}, "--env-file", str(file)) as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)
    resource = collector.requests()[0].resource_spans[0].resource
    assert {p.key: p.value.string_value for p in resource.attributes}["service.name"] == "gate"


def test_a_propagator_of_another_package_is_used(documents: Path, api: Upstream, collector: Collector) -> None:
    with start(documents, api, collector.environment(OTEL_PROPAGATORS="b3multi")) as gateway:
        call(
            gateway.urls["web"],
            "/things",
            headers={"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1"},
        )
        server, client = sorted(collector.wait_spans(2), key=lambda span: span.kind)
        sent = [api.last.header(f"x-b3-{name}") for name in ("traceid", "spanid", "sampled")]
        call(
            gateway.urls["web"],
            "/things",
            headers={"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "0"},
        )
        unsampled = api.last.header("x-b3-traceid"), api.last.header("x-b3-sampled")
    assert (server.trace_id.hex(), server.parent_span_id.hex()) == (TRACE, SPAN)
    assert sent == [TRACE, client.span_id.hex(), "1"]
    assert unsampled == (TRACE, "0")
    assert len(collector.spans()) == 2


@pytest.mark.parametrize(("propagators", "sent"), [("", None), ("tracecontext,baggage", "user=ann")])
def test_baggage_goes_on_only_when_the_operator_says_so(
    documents: Path, api: Upstream, collector: Collector, propagators: str, sent: str | None
) -> None:
    with start(documents, api, collector.environment(OTEL_PROPAGATORS=propagators)) as gateway:
        call(gateway.urls["web"], "/things", headers={"baggage": "user=ann"})
        collector.wait_spans(2)
    assert api.last.header("baggage") == sent
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-03", api.last.header("traceparent") or "")


def test_without_the_extra_startup_stops_and_says_what_to_install(documents: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_SDK)
    variables = {"OTEL_TRACES_EXPORTER": "otlp", "PYTHONPATH": str(tmp_path)}
    done = run_naftiko("run", documents / "mcp.yaml", environment=variables)
    assert done.returncode == 1
    advice = "in a checkout of naftiko-runtime: pip install '.[otel]'"
    cause = "'OTEL_TRACES_EXPORTER' enables traces, which need the extra 'otel'"
    assert done.stderr == f"error: {cause}; {advice}; or set OTEL_SDK_DISABLED=true\n"


def test_the_sdk_is_imported_only_when_traces_are_wanted(documents: Path, api: Upstream, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_SDK)
    with start(documents, api, {"PYTHONPATH": str(tmp_path)}, "--control", "127.0.0.1:0") as gateway:
        assert call(gateway.urls["web"], "/things").status == 200
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list-things", "task": None}}
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        response = call(gateway.urls["tools"], "/mcp", "POST", headers, json.dumps(body).encode())
        assert response.status == 200
