"""How spans are sent to a collector, and what the operator can set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway
from support.scrape import scrape, scrape_until
from support.traced_requests import SAMPLED, TRACE, by_kind
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.collector import Collector
    from support.upstream import Upstream
TOGETHER = {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
"""Has both spans of one request go in one batch, however slow the machine is."""


def test_the_operator_sets_the_resource_attributes(start: Callable[..., Gateway], collector: Collector) -> None:
    variables = {
        "OTEL_SERVICE_NAME": "gate",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=lab,service.name=not-this",
    }
    with start(**variables) as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)
        pid = gateway.process.pid
    resource = collector.requests()[0].resource_spans[0].resource
    said = {pair.key: pair.value.string_value or pair.value.int_value for pair in resource.attributes}
    assert (said["service.name"], said["deployment.environment.name"], said["process.pid"]) == ("gate", "lab", pid)


def test_the_capability_is_the_service_unless_the_operator_says(
    start: Callable[..., Gateway], collector: Collector
) -> None:
    with start() as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)
    resource = collector.requests()[0].resource_spans[0].resource
    assert {p.key: p.value.string_value for p in resource.attributes}["service.name"] == "Every kind of tool"


def test_what_is_not_sent_yet_is_sent_at_the_end(start: Callable[..., Gateway], collector: Collector) -> None:
    with start(OTEL_BSP_SCHEDULE_DELAY="60000") as gateway:
        call(gateway.urls["web"], "/things")
        assert collector.spans() == []
        assert gateway.stop() == 0
    assert len(collector.spans()) == 2


def test_many_go_together_and_none_is_lost(start: Callable[..., Gateway], collector: Collector) -> None:
    with start("--control", "127.0.0.1:0", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="10") as gateway:
        for _ in range(40):
            call(gateway.urls["web"], "/things")
        collector.wait_spans(80)
        metrics = scrape_until(gateway, lambda m: m.value("naftiko_spans_total", outcome="exported") == 80)
    assert metrics.value("naftiko_spans_total") == 80
    assert len({span.span_id for span in collector.spans()}) == 80


def test_headers_and_compression_are_the_operators_and_keys_stay_secret(
    start: Callable[..., Gateway], collector: Collector
) -> None:
    variables = {"OTEL_EXPORTER_OTLP_HEADERS": "Api-Key=s3cr%65t-key", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
    with start("--log-level", "debug", **variables) as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)
    assert collector.last.header("api-key") == "s3cret-key"
    assert collector.last.header("content-encoding") == "gzip"
    assert "s3cret-key" not in gateway.output


def test_a_collector_that_is_busy_is_asked_again(start: Callable[..., Gateway], collector: Collector) -> None:
    collector.on("POST", "/v1/traces", Reply(status=503, headers={"retry-after": "0"}))
    with start("--control", "127.0.0.1:0") as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_received(1)
        collector.on("POST", "/v1/traces", Reply())
        metrics = scrape_until(gateway, lambda m: m.value("naftiko_spans_total", outcome="exported") == 2)
    assert metrics.value("naftiko_spans_total", outcome="dropped") == 0


def test_a_rejection_of_the_collector_is_logged_and_not_retried(
    start: Callable[..., Gateway], collector: Collector
) -> None:
    collector.on("POST", "/v1/traces", Reply(status=401))
    with start("--control", "127.0.0.1:0", **TOGETHER) as gateway:
        assert call(gateway.urls["web"], "/things").status == 200
        line = gateway.wait_log_line("spans dropped")
        metrics = scrape(gateway)
    assert (line["spans"], line["collector"]) == (2, collector.url.partition("//")[2])
    assert "401" in line["reason"]
    assert metrics.value("naftiko_spans_total", outcome="dropped") == 2
    assert len(collector.received) == 1


def test_a_collector_that_hangs_holds_up_neither_requests_nor_the_end(
    start: Callable[..., Gateway], collector: Collector
) -> None:
    gate = Gate()
    collector.on("POST", "/v1/traces", Reply(before=gate.wait))
    variables = {"OTEL_BSP_MAX_QUEUE_SIZE": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"}
    try:
        with start("--control", "127.0.0.1:0", **variables) as gateway:
            for _ in range(40):
                assert call(gateway.urls["web"], "/things").status == 200
            scrape_until(gateway, lambda m: m.value("naftiko_spans_total", outcome="dropped") >= 80 - 10 - 5)
            assert gateway.stop() == 0
        lost, stopped = map(json.loads, gateway.output.splitlines()[-2:])
        assert (lost["reason"], stopped["event"]) == ("the program ends", "stopped")
    finally:
        gate.open()


def test_spans_without_room_in_the_queue_are_logged(start: Callable[..., Gateway], collector: Collector) -> None:
    gate = Gate()
    collector.on("POST", "/v1/traces", Reply(before=gate.wait))
    try:
        with start(**TOGETHER, OTEL_BSP_MAX_QUEUE_SIZE="2") as gateway:
            call(gateway.urls["web"], "/things")
            collector.wait_received(1)
            for _ in range(10):
                call(gateway.urls["web"], "/things")
            gate.open()
            line = gateway.wait_log_line("spans dropped")
    finally:
        gate.open()
    assert (line["reason"], line["spans"]) == ("the queue is full", 20 - 2)


def test_a_batch_is_no_larger_than_what_may_wait(start: Callable[..., Gateway], collector: Collector) -> None:
    with start(OTEL_BSP_MAX_QUEUE_SIZE="2", OTEL_BSP_SCHEDULE_DELAY="60000") as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_spans(2)


def test_the_path_of_traces_stands_before_a_query(start: Callable[..., Gateway], collector: Collector) -> None:
    with start(OTEL_EXPORTER_OTLP_ENDPOINT=f"{collector.url}/?key=1") as gateway:
        call(gateway.urls["web"], "/things")
        collector.wait_received(1)
    assert collector.last.target == "/v1/traces?key=1"


def test_logs_name_the_trace_that_they_belong_to(documents: Path, collector: Collector) -> None:
    base = ("--base-uri", "api=http://127.0.0.1:1", "--linger", "0")
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *base, environment=collector.environment()) as gateway:
        call(gateway.urls["web"], "/things", headers=SAMPLED)
        server, _ = by_kind(collector.wait_spans(2))
        line = gateway.wait_log_line("upstream failed")
    assert (line["trace_id"], line["span_id"]) == (TRACE, server.span_id.hex())
    assert "trace_id" not in gateway.wait_log_line("started")


def test_each_worker_sends_its_own(start: Callable[..., Gateway], collector: Collector) -> None:
    with start("--workers", "2") as gateway:
        for _ in range(40):
            call(gateway.urls["web"], "/things")
        collector.wait_spans(80)
    assert len({span.span_id for span in collector.spans()}) == 80


@pytest.mark.parametrize("switch", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_traces_can_be_switched_off(
    start: Callable[..., Gateway], api: Upstream, collector: Collector, switch: dict[str, str]
) -> None:
    with start(**switch) as gateway:
        call(gateway.urls["web"], "/things", headers=SAMPLED)
        assert api.last.header("traceparent") == SAMPLED["traceparent"]
    assert collector.received == []


def quoted(words: str) -> str:
    return ", ".join(f"'{word}'" for word in words.split())


def test_values_that_cannot_be_followed_stop_startup_all_at_once(documents: Path) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317?key=s3cret",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "soon",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "no-such-file.pem",
        "OTEL_EXPORTER_OTLP_HEADERS": "s3cret",
        "OTEL_TRACES_EXPORTER": "otlp,smoke",
        "OTEL_TRACES_SAMPLER": "jaeger_remote",
        "OTEL_PROPAGATORS": "tracecontext,pigeon",
        "OTEL_BSP_MAX_QUEUE_SIZE": "0",
    }
    done = run_naftiko("run", documents / "mcp.yaml", environment=variables)
    exporters = "console otlp otlp_proto_grpc otlp_proto_http none"
    samplers = "always_off always_on parentbased_always_off parentbased_always_on parentbased_traceidratio traceidratio"
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "error: OTEL_BSP_MAX_QUEUE_SIZE: '0' is not a number from 1 on",
        "error: OTEL_EXPORTER_OTLP_CERTIFICATE: 'no-such-file.pem' cannot be read: No such file or directory",
        "error: OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' is not supported; known: 'none', 'gzip', 'deflate'",
        "error: OTEL_EXPORTER_OTLP_ENDPOINT: it must be a URL such as 'http://collector:4318'",
        "error: OTEL_EXPORTER_OTLP_HEADERS: pair 1 is not written as 'name=value'",
        "error: OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not supported; known: 'http/protobuf', 'grpc'",
        "error: OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' is not a number from 0.001 on",
        "error: OTEL_PROPAGATORS: 'pigeon' is not supported; known: 'b3', 'b3multi', 'baggage', 'tracecontext', 'none'",
        f"error: OTEL_TRACES_EXPORTER: 'smoke' is not supported; known: {quoted(exporters)}",
        f"error: OTEL_TRACES_SAMPLER: 'jaeger_remote' is not supported; known: {quoted(samplers)}",
    ]


def test_what_only_the_sdk_refuses_stops_startup(documents: Path) -> None:
    variables = {"OTEL_TRACES_EXPORTER": "console", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "many"}
    done = run_naftiko("run", documents / "mcp.yaml", environment=variables)
    assert done.returncode == 1
    assert done.stderr == "error: traces: OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT must be a non-negative integer but got many\n"


def test_neither_a_password_in_an_address_nor_a_header_without_a_name_is_followed(documents: Path) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://user:s3cret@127.0.0.1:1/",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "s3cret key=1",
        "OTEL_SERVICE_NAME": "\udcff",
    }
    done = run_naftiko("run", documents / "mcp.yaml", environment=variables)
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "error: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: it must not have a user or password: use a header",
        "error: OTEL_EXPORTER_OTLP_TRACES_HEADERS: a header's name has letters, digits and hyphens only",
        "error: OTEL_SERVICE_NAME: it is not text",
    ]
