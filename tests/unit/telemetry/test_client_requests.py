"""Calls of upstreams, as they are counted and recorded."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from naftiko_runtime.errors import UpstreamError, UpstreamOverloaded
from naftiko_runtime.telemetry.client_requests import InstrumentedTransport, describe_server
from naftiko_runtime.telemetry.meter_and_tracer import Observer
from naftiko_runtime.telemetry.metrics import UPSTREAM, Meter
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.shared_metrics import SharedStore
from naftiko_runtime.telemetry.span_attributes import AttributeBuilder
from naftiko_runtime.telemetry.tracing import CURRENT, Tracer
from naftiko_runtime.upstream.interface import OutboundRequest, UpstreamUnreachable
from support.scrape import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.telemetry.span_attributes import Attributes

SCOPE = {"scheme": "http", "method": "GET", "raw_path": b"/", "query_string": b"", "headers": []}


class Span:
    """A span that keeps what it is given."""

    trace_id = span_id = "1"
    recorded = True

    def __init__(self, name: str, attributes: Attributes) -> None:
        self.name = name
        self.attributes = dict(attributes)
        self.failed = False

    def inject(self, headers: Any) -> Any:
        return [*headers, (b"traceparent", b"this")]

    def end(self, name: str, attributes: Attributes, _end_ns: int, *, failed: bool) -> None:
        self.name = name
        self.attributes |= attributes
        self.failed = failed


class Tracing:
    """Keeps the spans that are started."""

    fields = frozenset({b"traceparent"})

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def start(self, name: str, _kind: str, attributes: Attributes, _start_ns: int, _parent: Any) -> Span:
        self.spans.append(Span(name, attributes))
        return self.spans[-1]


class Upstream:
    """A transport that responds with 200, fails, or sends a request again first."""

    def __init__(self, failure: Exception | None = None, resends: int = 0) -> None:
        self.failure = failure
        self.resends = resends
        self.requests: list[OutboundRequest] = []
        self.status = 200

    async def send(self, request: OutboundRequest) -> Any:
        self.requests.append(request)
        request.resend_count += self.resends
        if self.failure is not None:
            raise self.failure
        return self

    async def aclose(self) -> None:
        raise AssertionError


def instrumented(upstream: Upstream) -> tuple[InstrumentedTransport, OutboundRequest, Tracing, Observer, SharedStore]:
    store = SharedStore(1)
    meter = Meter(store.get_region(0))
    tracing = Tracing()
    observer = Observer(meter, None, "test")
    observer.tracer = Tracer(tracing, Sampler("always_on", 1), AttributeBuilder())
    client = InstrumentedTransport(upstream, cast("Plan", SimpleNamespace(upstreams=())), observer)
    request = OutboundRequest("api.get", "GET", "http://a.example/x", [(b"accept", b"*/*")])
    return client, request, tracing, observer, store


@pytest.fixture
def current() -> Iterator[None]:
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


@pytest.mark.parametrize(
    ("failure", "label"),
    [
        (None, {"http_response_status_code": "200"}),
        (UpstreamUnreachable("a", "b"), {"error_type": "unreachable"}),
        (UpstreamOverloaded("a", 1), {"error_type": "overloaded"}),
    ],
)
async def test_a_call_is_counted_by_its_outcome(failure: Exception | None, label: dict[str, str]) -> None:
    client, request, _, observer, store = instrumented(Upstream(failure))
    for _ in range(2):
        with suppress(UpstreamError):
            await client.send(request)
    assert observer.meter is not None
    observer.meter.write()
    metrics = Metrics(render_metrics(store.read_entries()).decode())
    assert metrics.count(UPSTREAM.name) == metrics.count(UPSTREAM.name, naftiko_operation="api.get", **label) == 2


@pytest.mark.usefixtures("current")
async def test_a_call_of_a_recorded_request_is_a_span_and_its_upstream_continues_the_trace() -> None:
    upstream = Upstream()
    client, request, tracing, observer, _ = instrumented(upstream)
    await client.send(request)
    assert (tracing.spans, upstream.requests[0].headers) == ([], request.headers)
    assert observer.tracer is not None
    observer.tracer.begin(SCOPE, 0.0, named=False, awaits_message=False)
    await client.send(request)
    assert upstream.requests[1].headers == [(b"accept", b"*/*"), (b"traceparent", b"this")]
    assert [span.name for span in tracing.spans] == ["GET", "GET api.get"]
    assert "http.request.resend_count" not in tracing.spans[-1].attributes


@pytest.mark.usefixtures("current")
@pytest.mark.parametrize("failure", [None, UpstreamUnreachable("a", "b")])
async def test_a_request_that_the_client_sent_again_says_so(failure: Exception | None) -> None:
    client, request, tracing, observer, _ = instrumented(Upstream(failure, resends=1))
    assert observer.tracer is not None
    observer.tracer.begin(SCOPE, 0.0, named=False, awaits_message=False)
    with suppress(UpstreamError):
        await client.send(request)
    assert (tracing.spans[-1].attributes["http.request.resend_count"], tracing.spans[-1].failed) == (
        1,
        failure is not None,
    )
    assert request.resend_count == 1


@pytest.mark.parametrize(
    ("base_uri", "address", "port"),
    [
        ("https://api.test/v1", "api.test", 443),
        ("http://api.test:8080", "api.test", 8080),
        ("http://[::1]:8080/x", "::1", 8080),
        ("http://[::1]/x", "::1", 80),
        ("http://{{HOST}}/r4", "***", "***"),
        ("https://eu.{{ env.REGION }}.test:8443/r4", "eu.***.test", 8443),
        ("http://{{NAME}}:{{PORT}}/r4", "***", "***"),
        ("{{SCHEME}}://api.test/r4", "api.test", "***"),
        ("http://api.test/{{TENANT}}", "api.test", 80),
        ("{{URL}}", "***", "***"),
        ("{{ORIGIN}}/r4", "***", "***"),
    ],
)
def test_an_api_has_an_address_and_a_port_in_which_variables_are_masked(
    base_uri: str, address: str, port: int | str
) -> None:
    assert describe_server(base_uri) == {"server.address": address, "server.port": port}
