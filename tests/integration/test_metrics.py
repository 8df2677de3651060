"""Metrics of the real program, scraped from its control port."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head
from support.gateway import Gateway
from support.scrape import Metrics, scrape, scrape_until
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

SERVED = "http_server_request_duration_seconds"
UPSTREAM = "http_client_request_duration_seconds"
TOOLS = "mcp_server_operation_duration_seconds"
MCP_HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def gateway(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    with _gateway(documents, module_upstream.url) as running:
        yield running


@pytest.fixture
def before(gateway: Gateway) -> Metrics:
    """What the module's gateway had counted before the test."""
    return scrape(gateway)


def _gateway(documents: Path, url: str, *arguments: str) -> Gateway:
    return Gateway(
        documents / "mcp.yaml",
        ["web", "tools"],
        *("--base-uri", f"api={url}", "--control", "127.0.0.1:0", "--linger", "0", "--half-closed", "0.5", *arguments),
    )


def tool_call(gateway: Gateway, name: str, arguments: dict[str, object], *, odd: bool = False) -> bool:
    """Call a tool, by the fast path or, with something odd about the message, by the SDK; returns whether it failed."""
    params = {"name": name, "arguments": arguments, **({"task": None} if odd else {})}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    response = call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS, json.dumps(message).encode())
    return bool(response.json["result"].get("isError", False))


def test_requests_are_counted_by_route_method_and_status(gateway: Gateway, before: Metrics, api: Upstream) -> None:
    api.on("GET", "/things", Reply(status=429))
    for _ in range(3):
        call(gateway.urls["web"], "/things")
    call(gateway.urls["web"], "/things", "HEAD")
    call(gateway.urls["web"], "/things", "DELETE")
    call(gateway.urls["web"], "/nothing/of/the/kind")
    metrics = scrape(gateway, before)
    route = {"naftiko_expose": "web", "http_route": "/things"}
    assert metrics.kinds[SERVED] == "histogram"
    assert metrics.count(SERVED, **route, http_request_method="GET", http_response_status_code="429") == 3
    assert metrics.count(SERVED, **route, http_request_method="HEAD") == 1
    assert metrics.count(SERVED, http_response_status_code="405", http_request_method="DELETE") == 1
    assert metrics.count(SERVED, http_response_status_code="404") == 1
    assert metrics.count(SERVED) == 6
    assert metrics.labels(f"{SERVED}_count", "http_route") == {"", "/things"}  # no path that a stranger made up


def test_a_path_that_an_mcp_port_does_not_serve_is_counted(gateway: Gateway, before: Metrics) -> None:
    url = gateway.urls["tools"].removesuffix("/mcp")
    assert call(url, "/nope").status == 404
    assert call(url, "/mcp", "GET").status == 405
    metrics = scrape(gateway, before)
    served = {"naftiko_expose": "tools", "http_request_method": "GET"}
    assert metrics.count(SERVED, **served, http_response_status_code="404") == 1
    assert metrics.count(SERVED, **served, http_route="/mcp", http_response_status_code="405") == 1
    assert metrics.labels(f"{SERVED}_count", "http_route") == {"", "/mcp"}
    assert "unexpected error" not in gateway.output


def test_an_unknown_method_is_counted_as_other(gateway: Gateway, before: Metrics) -> None:
    for method in ("PROPFIND", "MKCALENDAR"):
        call(gateway.urls["web"], "/things", method)
    assert scrape(gateway, before).count(SERVED, http_request_method="_OTHER", http_response_status_code="405") == 2


def test_buckets_grow_to_the_count_and_the_sum_is_of_seconds(gateway: Gateway, before: Metrics) -> None:
    for _ in range(5):
        call(gateway.urls["web"], "/things")
    metrics = scrape(gateway, before)
    buckets = [s.value for s in metrics.samples if s.name == f"{SERVED}_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == metrics.count(SERVED) == 5
    assert 0 < metrics.value(f"{SERVED}_sum") < 5


def test_calls_of_upstreams_are_counted_by_operation_and_status(
    gateway: Gateway, before: Metrics, api: Upstream
) -> None:
    api.on("GET", "/things", Reply(status=503))
    call(gateway.urls["web"], "/things")
    metrics = scrape(gateway, before)
    port = api.url.rpartition(":")[2]
    labels = {"naftiko_operation": "api.list-things", "server_address": "127.0.0.1", "server_port": port}
    assert metrics.count(UPSTREAM, **labels, http_response_status_code="503", error_type="503") == 1
    assert metrics.count(SERVED, http_response_status_code="503", error_type="503") == 1


def test_an_upstream_that_is_not_there_is_counted_as_unreachable(documents: Path) -> None:
    with _gateway(documents, "http://127.0.0.1:1") as gateway:
        assert call(gateway.urls["web"], "/things").status == 502
        metrics = scrape(gateway)
    assert metrics.count(UPSTREAM, error_type="unreachable") == 1
    assert metrics.count(SERVED, http_response_status_code="502", error_type="502") == 1


def test_the_path_of_an_mcp_message_is_counted_and_logged(documents: Path, api: Upstream) -> None:
    with _gateway(documents, api.url, "--log-level", "debug") as gateway:
        for odd in (False, True, True):
            tool_call(gateway, "list-things", {}, odd=odd)
        metrics = scrape(gateway)
        for path, count in (("fast", 1), ("sdk", 2)):
            assert metrics.value("naftiko_mcp_messages_total", naftiko_expose="tools", path=path) == count
            gateway.wait_log_line(
                "MCP message", mcp_path=path, method="tools/call", tool="list-things", namespace="tools"
            )


@pytest.mark.parametrize(("odd", "path"), [(False, "fast"), (True, "sdk")], ids=["fast path", "by the SDK"])
def test_the_log_line_of_a_failed_tool_call_shows_its_path(documents: Path, *, odd: bool, path: str) -> None:
    with _gateway(documents, "http://127.0.0.1:1") as gateway:
        assert tool_call(gateway, "list-things", {}, odd=odd)
        assert call(gateway.urls["web"], "/things").status == 502
    lines = [line for line in gateway.lines if line["event"] == "upstream failed"]
    assert [line.get("mcp_path") for line in lines] == [path, None]


@pytest.mark.parametrize("odd", [False, True], ids=["fast path", "by the SDK"])
def test_tool_calls_are_counted_by_tool_and_failure(gateway: Gateway, before: Metrics, *, odd: bool) -> None:
    assert not tool_call(gateway, "list-things", {}, odd=odd)
    assert not tool_call(gateway, "list-things", {}, odd=odd)
    assert tool_call(gateway, "get-thing", {}, odd=odd)  # which lacks its id
    metrics = scrape(gateway, before)
    labels = {"naftiko_expose": "tools", "mcp_method_name": "tools/call"}
    assert metrics.count(TOOLS, **labels, gen_ai_tool_name="list-things") == 2
    assert metrics.count(TOOLS, **labels, gen_ai_tool_name="get-thing", error_type="tool_error") == 1
    assert metrics.count(TOOLS) == 3
    assert metrics.count(SERVED, http_route="/mcp", http_response_status_code="200") == 3
    assert metrics.count(UPSTREAM, naftiko_operation="api.list-things") == 2


def test_requests_in_flight_and_connections_are_counted(documents: Path, api: Upstream) -> None:
    gate = Gate()
    api.on("GET", "/things", Reply(before=gate.wait))
    with _gateway(documents, api.url) as gateway, RawConnection(gateway.urls["web"]) as raw:
        port = gateway.urls["web"].rpartition(":")[2]
        raw.send(make_head("GET /things", host="127.0.0.1"))
        api.wait_received(1)
        busy = scrape_until(gateway, lambda m: m.value("http_server_active_requests", server_port=port) == 1)
        assert busy.value("naftiko_connections", server_port=port) == 1
        gate.open()
        raw.read_response()
        scrape_until(gateway, lambda m: m.value("http_server_active_requests", server_port=port) == 0)


@pytest.mark.own_server
def test_a_caller_that_leaves_is_counted_as_cancelled(gateway: Gateway, before: Metrics, api: Upstream) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    with RawConnection(gateway.urls["web"]) as raw:
        raw.send(make_head("GET /things", host="127.0.0.1"))
        api.wait_received(1)
    metrics = scrape_until(gateway, lambda m: m.count(SERVED) == 1, before)
    assert metrics.count(SERVED, http_route="/things", error_type="cancelled") == 1
    assert metrics.count(UPSTREAM, error_type="cancelled") == 1


def test_a_response_that_breaks_off_is_counted_as_truncated(gateway: Gateway, before: Metrics, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers={"content-length": "10"}, chunks=[b"half"], broken=True))
    with RawConnection(gateway.urls["web"]) as raw:
        raw.send(make_head("GET /things", host="127.0.0.1"))
        raw.read_rest()
    assert scrape(gateway, before).count(SERVED, http_route="/things", error_type="truncated") == 1


@pytest.mark.own_server
def test_what_is_refused_before_it_is_routed_is_counted(gateway: Gateway, before: Metrics) -> None:
    port = gateway.urls["web"].rpartition(":")[2]
    for nonsense in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        with RawConnection(gateway.urls["web"]) as raw:
            raw.send(nonsense)
            raw.read_rest()
    metrics = scrape(gateway, before)
    refused = "naftiko_refused_requests_total"
    assert metrics.value(refused, server_port=port, error_type="bad-request") == 1
    assert metrics.value(refused, server_port=port, error_type="bad-host") == 1
    assert metrics.count(SERVED) == 0


def test_a_reload_goes_on_counting_and_is_counted(tmp_path: Path, documents: Path, api: Upstream) -> None:
    file = tmp_path / "mcp.yaml"
    file.write_text((documents / "mcp.yaml").read_text())
    with _gateway(tmp_path, api.url) as gateway:
        call(gateway.urls["web"], "/things")
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_log_line("reloaded")
        call(gateway.urls["web"], "/things")
        file.write_text("no: capability")
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_log_line("not reloaded")
        metrics = scrape_until(gateway, lambda m: m.value("naftiko_reloads_total", outcome="failed") == 1)
    assert metrics.count(SERVED, http_route="/things") == 2
    assert metrics.value("naftiko_reloads_total", outcome="reloaded") == 1


def test_the_process_reports_cpu_and_memory(gateway: Gateway) -> None:
    metrics = scrape(gateway)
    assert metrics.value("naftiko_build_info") == 1
    assert metrics.value("process_cpu_seconds_total", worker="1") > 0
    assert metrics.value("process_resident_memory_bytes", worker="1") > 10e6
    assert metrics.value("process_start_time_seconds") > 1.7e9


def test_metrics_show_nothing_that_callers_or_upstreams_say(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers={"x-request-id": "s3cret"}, body=b"s3cret"))
    call(gateway.urls["web"], "/things?key=s3cret", headers={"authorization": "Bearer s3cret"})
    call(gateway.urls["web"], "/s3cret", "S3CRET")
    tool_call(gateway, "get-thing", {"id": "s3cret"})
    tool_call(gateway, "list-things", {"s3cret": "s3cret"})
    assert b"s3cret" not in call(gateway.urls["control"], "/metrics").body.lower()


def test_only_what_is_served_there_is_and_it_is_only_asked(gateway: Gateway) -> None:
    assert call(gateway.urls["control"], "/metrics", "HEAD").status == 200
    assert call(gateway.urls["control"], "/metrics", "POST").headers["allow"] == "GET, HEAD"
    assert "/metrics" in call(gateway.urls["control"], "/nowhere").json["detail"]


# -- workers ----------------------------------------------------------------------------------------------------------


def _spread(gateway: Gateway, number: int) -> None:
    for _ in range(number):
        assert call(gateway.urls["web"], "/things").status == 200


def test_every_worker_reports_the_metrics_of_all(documents: Path, api: Upstream) -> None:
    with _gateway(documents, api.url, "--workers", "2") as gateway:
        _spread(gateway, 40)
        for _ in range(5):  # asked on connections of their own, both get some
            scrape_until(gateway, lambda m: m.count(SERVED) == 40)
        metrics = scrape(gateway)
    assert metrics.value("naftiko_worker_starts_total") == 2
    assert metrics.labels("process_cpu_seconds_total", "worker") == {"1", "2"}


def test_what_a_worker_has_counted_outlives_it(documents: Path, api: Upstream) -> None:
    gate = Gate()
    with _gateway(documents, api.url, "--workers", "2") as gateway:
        _spread(gateway, 40)
        scrape_until(gateway, lambda m: m.count(SERVED) == 40)
        api.on("GET", "/things", Reply(before=gate.wait))
        with RawConnection(gateway.urls["web"]) as raw:
            raw.send(make_head("GET /things", host="127.0.0.1"))
            api.wait_received(41)
            scrape_until(gateway, lambda m: m.value("http_server_active_requests") == 1)
            for line in [line for line in gateway.lines if line.get("event") == "worker started"]:
                os.kill(line["pid"], signal.SIGKILL)
            metrics = scrape_until(gateway, lambda m: m.value("naftiko_worker_starts_total") == 4)
        assert metrics.value("http_server_active_requests") == 0  # nobody's any more
        api.on("GET", "/things", Reply(body=b"{}"))
        assert metrics.count(SERVED) == 40
        _spread(gateway, 10)
        scrape_until(gateway, lambda m: m.count(SERVED) == 50)
        gate.open()
