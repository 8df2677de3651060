"""Which spans a request has, and the trace that they belong to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from support.caller import RawConnection, call, make_head
from support.collector import Collector, read_attributes
from support.gateway import Gateway
from support.traced_requests import PARENT, SAMPLED, TRACE, by_kind
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream
UNSAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-00", "tracestate": "vendor=1"}
MCP_HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def module_collector(server: str) -> Iterator[Collector]:  # noqa: ARG001 - what sends to it is started by each server
    with Collector() as running:
        yield running


@pytest.fixture
def collector(module_collector: Collector) -> Collector:
    """The module's collector, empty again."""
    module_collector.reset()
    return module_collector


@pytest.fixture(scope="module")
def shared(documents: Path, module_upstream: Upstream, module_collector: Collector) -> Iterator[Gateway]:
    """For tests that wait for every span that they cause, so that none comes to the next one."""
    base = ("--base-uri", f"api={module_upstream.url}", "--linger", "0")
    variables = module_collector.environment()
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *base, environment=variables) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def untraced(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    """One that sends no spans."""
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", f"api={module_upstream.url}") as gateway:
        yield gateway


def test_a_request_continues_its_callers_trace_and_the_upstream_ours(
    shared: Gateway, api: Upstream, collector: Collector
) -> None:
    call(shared.urls["web"], "/things?key=value", headers=SAMPLED)
    server, client = by_kind(collector.wait_spans(2))
    assert {server.trace_id.hex(), client.trace_id.hex()} == {TRACE}
    assert (server.parent_span_id.hex(), client.parent_span_id) == (PARENT, server.span_id)
    assert api.last.header("traceparent") == f"00-{TRACE}-{client.span_id.hex()}-01"
    assert api.last.header("tracestate") == server.trace_state == client.trace_state == "vendor=1"
    assert server.start_time_unix_nano <= client.start_time_unix_nano
    assert client.start_time_unix_nano < client.end_time_unix_nano <= server.end_time_unix_nano


def test_spans_say_what_was_asked_and_what_came_of_it(shared: Gateway, api: Upstream, collector: Collector) -> None:
    api.on("GET", "/things", Reply(status=404))
    call(shared.urls["web"], "/things?key=value")
    server, client = by_kind(collector.wait_spans(2))
    assert (server.name, client.name) == ("GET /things", "GET api.list-things")
    assert read_attributes(server) == {
        "http.request.method": "GET",
        "http.route": "/things",
        "http.response.status_code": 404,
        "naftiko.expose": "web",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": urlsplit(shared.urls["web"]).port,
        "url.path": "/things",
        "url.query": "key=REDACTED",
        "url.scheme": "http",
    }
    assert read_attributes(client) == {
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "error.type": "404",
        "naftiko.operation": "api.list-things",
        "server.address": "127.0.0.1",
        "server.port": int(api.url.rpartition(":")[2]),
        "url.full": f"{api.url}/things?key=REDACTED",
    }
    # A caller's mistake is an error for who made it, not for who was asked.
    assert (server.status.code, client.status.code) == (Status.STATUS_CODE_UNSET, Status.STATUS_CODE_ERROR)


def test_a_path_that_an_mcp_port_does_not_serve_has_a_span(shared: Gateway, collector: Collector) -> None:
    call(shared.urls["tools"].removesuffix("/mcp"), "/nope")
    (span,) = collector.wait_spans(1)
    assert (span.name, read_attributes(span)["http.response.status_code"]) == ("GET", 404)


def test_a_request_without_a_trace_begins_one(shared: Gateway, api: Upstream, collector: Collector) -> None:
    call(shared.urls["web"], "/things")
    call(shared.urls["web"], "/things", headers={"traceparent": "00-nonsense-01"})
    spans = collector.wait_spans(4)
    traces = {span.trace_id for span in spans}
    assert len(traces) == 2
    roots = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    assert [root.parent_span_id for root in roots] == [b"", b""]
    assert api.last.header("traceparent") is not None
    assert api.last.header("traceparent") != "00-nonsense-01"


@pytest.mark.parametrize(
    "given",
    [
        [("traceparent", "nonsense"), ("tracestate", "vendor=1")],
        [*SAMPLED.items(), ("traceparent", SAMPLED["traceparent"])],
        [("tracestate", "vendor=1")],
    ],
    ids=["malformed", "twice", "a state alone"],
)
def test_what_names_no_trace_does_not_go_on_beside_the_one_that_begins(
    shared: Gateway, api: Upstream, collector: Collector, given: list[tuple[str, str]]
) -> None:
    with RawConnection(shared.urls["web"]) as caller:
        caller.send(make_head("GET /things", given))
        caller.read_response()
    server, client = by_kind(collector.wait_spans(2))
    headers = [pair for pair in api.last.headers if pair[0].startswith("trace")]
    assert headers == [("traceparent", f"00-{server.trace_id.hex()}-{client.span_id.hex()}-03")]
    assert (server.trace_id.hex() != TRACE, server.trace_state) == (True, "")


STATES = [
    (["foo=1 \t , \t bar=2", "", "baz=3,foo=4"], "foo=1,bar=2,baz=3"),
    (["foo=1", "FOO=2"], None),
    ([",".join(f"k{number}=1" for number in range(33))], None),
    (["a=" + "x" * 250, "b=" + "y" * 250, "c=" + "z" * 20], None),
]


@pytest.mark.own_server  # uvicorn passes on the white space round a header's value, which makes the parent invalid
@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(("states", "sent"), STATES, ids=["several lines", "invalid", "too many", "too long"])
def test_a_state_goes_on_only_when_it_is_valid(
    shared: Gateway,
    untraced: Gateway,
    api: Upstream,
    collector: Collector,
    states: list[str],
    sent: str | None,
    recorded: bool,
) -> None:
    parent = f"\t 00-{TRACE}-{PARENT}-01 \t"
    headers = [("traceparent", parent), *(("TraceState", state) for state in states)]
    gateway = shared if recorded else untraced
    with RawConnection(gateway.urls["web"]) as caller:
        caller.send(make_head("GET /things", headers))
        assert caller.read_response().status == 200
    if recorded:
        collector.wait_spans(2)
    assert api.last.header("tracestate") == sent
    named = api.last.header("traceparent")
    assert named is not None
    assert named[3:35] == TRACE


def test_what_is_no_text_spoils_no_batch(shared: Gateway, collector: Collector) -> None:
    with RawConnection(shared.urls["web"]) as caller:
        caller.send(make_head("GET /things", [("traceparent", SAMPLED["traceparent"]), ("tracestate", "a=\xff")]))
        caller.read_response()
    server, _ = by_kind(collector.wait_spans(2))
    assert (server.trace_id.hex(), server.trace_state) == (TRACE, "")


def test_requests_that_came_together_are_not_of_one_trace(
    start: Callable[..., Gateway], api: Upstream, collector: Collector
) -> None:
    with start() as gateway:
        with RawConnection(gateway.urls["web"]) as caller:
            caller.send(make_head("GET /things", SAMPLED.items()) + make_head("GET /things", UNSAMPLED.items()))
            caller.read_response()
            caller.read_response()
        assert api.last.header("traceparent") == UNSAMPLED["traceparent"]
        collector.wait_spans(2)
        gateway.stop()
    assert len(collector.spans()) == 2


def test_a_later_version_is_passed_on_as_the_known_one(start: Callable[..., Gateway], api: Upstream) -> None:
    with start(OTEL_TRACES_SAMPLER="always_off") as gateway:
        call(gateway.urls["web"], "/things", headers={"traceparent": f"cc-{TRACE}-{PARENT}-01-more"})
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-00", api.last.header("traceparent") or "")


def test_what_the_caller_does_not_record_is_not_recorded_here(
    shared: Gateway, api: Upstream, collector: Collector
) -> None:
    call(shared.urls["web"], "/things", headers=UNSAMPLED)
    assert api.last.header("traceparent") == UNSAMPLED["traceparent"]
    assert api.last.header("tracestate") == "vendor=1"
    call(shared.urls["web"], "/things", headers=SAMPLED)
    collector.wait_spans(2)


def test_a_sampler_that_ignores_callers_passes_its_decision_on(
    start: Callable[..., Gateway], api: Upstream, collector: Collector
) -> None:
    with start(OTEL_TRACES_SAMPLER="always_off") as gateway:
        call(gateway.urls["web"], "/things", headers=SAMPLED)
        # Whoever changes the flag names a span of its own (W3C Trace Context, 3.4).
        assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-00", api.last.header("traceparent") or "")
        call(gateway.urls["web"], "/things")
        assert api.last.header("traceparent") is None
    assert collector.spans() == []


def test_about_as_many_requests_are_recorded_as_the_ratio_says(
    start: Callable[..., Gateway], collector: Collector
) -> None:
    with start(OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5") as gateway:
        for _ in range(64):
            call(gateway.urls["web"], "/things")
    assert 2 * 8 < len(collector.spans()) < 2 * 56  # of 64: outside with a chance below 1e-9


@pytest.mark.parametrize("odd", [False, True], ids=["straight", "by the SDK"])
def test_the_span_of_a_tool_call_names_the_tool(
    shared: Gateway, api: Upstream, collector: Collector, *, odd: bool
) -> None:
    def message(name: str) -> bytes:
        params: dict[str, object] = {"name": name, "arguments": {}, **({"task": None} if odd else {})}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()

    headers = MCP_HEADERS | SAMPLED
    call(shared.urls["tools"], "/mcp", "POST", headers, message("list-things"))
    server, client = by_kind(collector.wait_spans(2))
    call(shared.urls["tools"], "/mcp", "POST", headers, message("get-thing"))  # which lacks its id
    failed = collector.wait_spans(3)[-1]
    assert server.name == "tools/call list-things"
    assert read_attributes(server) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "list-things",
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/mcp",
        "jsonrpc.request.id": "1",
        "mcp.method.name": "tools/call",
        "naftiko.expose": "tools",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": urlsplit(shared.urls["tools"]).port,
        "url.path": "/mcp",
        "url.scheme": "http",
    }
    assert client.parent_span_id == server.span_id
    assert api.last.header("traceparent") == f"00-{TRACE}-{client.span_id.hex()}-01"
    assert (failed.name, failed.status.code) == ("tools/call get-thing", Status.STATUS_CODE_ERROR)
    assert read_attributes(failed)["error.type"] == "tool_error"


@pytest.mark.parametrize("odd", [False, True], ids=["straight", "by the SDK"])
def test_a_trace_that_a_message_names_is_continued_unless_a_header_names_one(
    start: Callable[..., Gateway], api: Upstream, collector: Collector, *, odd: bool
) -> None:
    other = "1" * 32
    meta = {"traceparent": f"00-{other}-{PARENT}-01"}
    params: dict[str, object] = {
        "name": "list-things",
        "arguments": {},
        "_meta": meta,
        **({"task": None} if odd else {}),
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    with start() as gateway:
        call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS, body)
        server, client = by_kind(collector.wait_spans(2))
        call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS | SAMPLED, body)
        later = collector.wait_spans(4)[2:]
        meta["traceparent"] = f"00-{other}-{PARENT}-00"
        unsampled = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS, unsampled)
        assert api.last.header("traceparent") == meta["traceparent"]
    assert {server.trace_id.hex(), client.trace_id.hex()} == {other}
    assert (server.parent_span_id.hex(), client.parent_span_id) == (PARENT, server.span_id)
    assert {span.trace_id.hex() for span in later} == {TRACE}
    assert len(collector.spans()) == 4


def test_what_no_route_handles_has_a_span_without_a_made_up_name(shared: Gateway, collector: Collector) -> None:
    call(shared.urls["web"], "/who/knows?what", "PROPFIND")
    (span,) = collector.wait_spans(1)
    attributes = read_attributes(span)
    assert (span.name, attributes["http.request.method"], attributes["url.path"]) == ("HTTP", "_OTHER", "/who/knows")
    assert attributes["http.request.method_original"] == "PROPFIND"
    assert "what" not in str(span)


def test_an_unreachable_upstream_is_an_error_of_both(documents: Path, collector: Collector) -> None:
    base = ("--base-uri", "api=http://127.0.0.1:1", "--linger", "0")
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *base, environment=collector.environment()) as gateway:
        call(gateway.urls["web"], "/things")
        server, client = by_kind(collector.wait_spans(2))
    assert (read_attributes(server)["http.response.status_code"], read_attributes(server)["error.type"]) == (502, "502")
    assert read_attributes(client)["error.type"] == "unreachable"
    assert {server.status.code, client.status.code} == {Status.STATUS_CODE_ERROR}


@pytest.mark.parametrize("odd", [False, True], ids=["fast", "by the SDK"])
def test_a_message_may_name_a_recorded_trace_whatever_the_ratio(
    start: Callable[..., Gateway], api: Upstream, collector: Collector, *, odd: bool
) -> None:
    def message(meta: dict[str, str]) -> bytes:
        params = {"name": "list-things", "arguments": {}, "_meta": meta, **({"task": None} if odd else {})}
        return json.dumps({"jsonrpc": "2.0", "id": "a7", "method": "tools/call", "params": params}).encode()

    with start(OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0") as gateway:
        call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS, message({}))
        assert api.last.header("traceparent") is None
        call(gateway.urls["tools"], "/mcp", "POST", MCP_HEADERS, message({"traceparent": SAMPLED["traceparent"]}))
        server, client = by_kind(collector.wait_spans(2))
    assert {server.trace_id.hex(), client.trace_id.hex()} == {TRACE}
    assert (server.parent_span_id.hex(), server.name) == (PARENT, "tools/call list-things")


def test_the_span_of_a_message_is_called_by_its_method(shared: Gateway, collector: Collector) -> None:
    def send(method: str, **params: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        call(shared.urls["tools"], "/mcp", "POST", MCP_HEADERS | {"mcp-protocol-version": "2025-06-18"}, body)

    send("tools/list")
    send("sing")
    send("tools/call", name="no-such-tool", arguments={})
    listing, unknown, failed = collector.wait_spans(3)
    assert listing.name == "tools/list"
    assert read_attributes(listing)["mcp.protocol.version"] == "2025-06-18"
    assert (unknown.name, read_attributes(unknown)["mcp.method.name"]) == ("POST /mcp", "sing")
    assert read_attributes(unknown)["rpc.response.status_code"] == read_attributes(unknown)["error.type"] == "-32601"
    assert unknown.status.code == Status.STATUS_CODE_ERROR
    assert (failed.name, read_attributes(failed)["gen_ai.tool.name"]) == ("tools/call", "no-such-tool")


def test_a_request_that_is_sent_again_with_other_credentials_says_so(
    documents: Path, api: Upstream, collector: Collector
) -> None:
    api.on("GET", "/x", Reply(status=401))
    api.on("POST", "/token", Reply(body=b'{"access_token":"one"}'))
    secrets = {"F_USER": "user", "F_PASSWORD": "password", "F_SECRET": "s3cret", "F_ENDPOINT": f"{api.url}/token"}
    bases = [part for name in ("digested", "tokened", "signed") for part in ("--base-uri", f"{name}={api.url}")]
    variables = secrets | collector.environment()
    with Gateway(documents / "flows.yaml", ["web", "tools"], *bases, "--linger", "0", environment=variables) as gateway:
        call(gateway.urls["web"], "/tokened")
        spans = collector.wait_spans(5)
    sends = [read_attributes(span) for span in spans if span.name == "GET tokened.get"]
    assert [one.get("http.request.resend_count") for one in sends] == [None, 1]
