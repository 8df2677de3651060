"""A transport that tells of the calls it carries, and has upstreams continue the trace of a recorded request."""

from __future__ import annotations

from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime.telemetry.context import CURRENT
from naftiko_runtime.telemetry.metrics import UPSTREAM
from naftiko_runtime.transport.base import OutboundRequest, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.telemetry.observer import Observation, Observer, Outcome, Subject
    from naftiko_runtime.telemetry.otlp import Value
    from naftiko_runtime.transport.base import Transport, UpstreamResponse

_PORTS: Final = {"http": 80, "https": 443}


class ObservedTransport:
    """Another transport, observed."""

    def __init__(self, transport: Transport, plan: Plan, observer: Observer) -> None:
        self._transport = transport
        self._observer = observer
        self._tracer = observer.tracer
        self._servers = {upstream.namespace: _server(upstream.base_uri) for upstream in plan.upstreams}
        self._subjects: dict[str, Subject] = {}

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """See :meth:`naftiko_runtime.transport.base.Transport.send`."""
        subject = self._subjects.get(request.operation) or self._subject(request.operation)
        outcome: Outcome = "cancelled"
        tracer, of, span_id, start_ns = self._tracer, None, b"", 0
        if tracer is not None and (of := CURRENT.get()) is not None:
            if of.span_id:
                span_id, start_ns = tracer.identifier(8), time_ns()
            request = _continued(request, of, span_id)
        began = perf_counter()
        try:
            response = await self._transport.send(request)
            outcome = response.status
        except UpstreamUnreachable:
            outcome = "unreachable"
            raise
        finally:
            seconds = perf_counter() - began
            series = subject.series(request.method, outcome)
            if series.histogram is not None:
                series.histogram.observe(seconds)
            if span_id and tracer is not None and of is not None:
                tracer.record_call(of, span_id, series, start_ns, seconds)
        return response

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()

    def _subject(self, operation: str) -> Subject:
        attributes: dict[str, Value] = {"naftiko.operation": operation}
        attributes |= self._servers.get(operation.partition(".")[0], {})
        subject = self._observer.subject(UPSTREAM, "client", operation, attributes)
        self._subjects[operation] = subject
        return subject


def _server(base_uri: str) -> Mapping[str, Value]:
    """Where an API is; nothing of it when a variable says so, for bound values are shown nowhere."""
    try:
        parts = urlsplit(base_uri)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return {}
    if not host or port is None or "{" in parts.netloc:
        return {}
    return {"server.address": host, "server.port": port}


def _continued(request: OutboundRequest, of: Observation, span_id: bytes) -> OutboundRequest:
    """The request with the trace as its upstream is to continue it."""
    caller = of.caller
    if span_id:
        parent = f"00-{of.trace_id.hex()}-{span_id.hex()}-01"
    elif caller is not None and caller.sampled:
        parent = f"00-{caller.trace_id.hex()}-{caller.span_id.hex()}-00"
    else:
        return request
    headers = [pair for pair in request.headers if pair[0] != b"traceparent"]
    headers.append((b"traceparent", parent.encode()))
    return OutboundRequest(request.operation, request.method, request.url, headers, request.body)
