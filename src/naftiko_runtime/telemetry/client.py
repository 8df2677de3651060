"""A transport that tells of the calls it carries, and has upstreams continue the trace of a recorded request."""

from __future__ import annotations

from binascii import hexlify
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime.errors import UpstreamOverloaded
from naftiko_runtime.telemetry.context import CURRENT
from naftiko_runtime.telemetry.instruments import LazyDict
from naftiko_runtime.telemetry.metrics import UPSTREAM
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE
from naftiko_runtime.transport.base import OutboundRequest, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.telemetry.instruments import Instrument, Observation, Observer, Outcome
    from naftiko_runtime.telemetry.otlp import Value
    from naftiko_runtime.transport.base import Transport, UpstreamResponse

_PORTS: Final = {"http": 80, "https": 443}


class InstrumentedTransport:
    """Another transport, observed; whoever opened that closes it."""

    def __init__(self, transport: Transport, plan: Plan, observer: Observer) -> None:
        self._transport = transport
        self._observer = observer
        self._tracer = observer.tracer
        self._servers = {upstream.namespace: _server(upstream.base_uri) for upstream in plan.upstreams}
        executions = (operation.execution for operation in plan.served)
        self._traced_anyway = frozenset(t.operation for e in executions if e.sets_trace for t in e.targets)
        """Operations whose document says which trace is told."""
        self._instruments = LazyDict(self._instrument)

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """See :meth:`naftiko_runtime.transport.base.Transport.send`."""
        tracer, of, span_id = self._tracer, None, b""
        if tracer is not None and (of := CURRENT.get()) is not None:
            if of.span_id:
                span_id = next(tracer.identifiers)
            request = self._continued(request, of, span_id)
        outcome: Outcome = "cancelled"
        began = perf_counter_ns()
        try:
            response = await self._transport.send(request)
            outcome = response.status
        except UpstreamUnreachable:
            outcome = "unreachable"
            raise
        except UpstreamOverloaded:
            outcome = "overloaded"
            raise
        finally:
            took = perf_counter_ns() - began
            series = self._instruments[request.operation][request.method][outcome]
            series.observe(took)
            if span_id and tracer is not None and of is not None:
                tracer.end_call(of, span_id, series, began, took)
        return response

    def _continued(self, request: OutboundRequest, of: Observation, span_id: bytes) -> OutboundRequest:
        """The request with the trace as its upstream is to continue it."""
        caller, headers = of.caller, request.headers
        if span_id:
            trace = hexlify(of.trace_id) if caller is None else caller.parent[3:35]
            parent = b"00-%b-%b-01" % (trace, hexlify(span_id))
        elif caller is not None and caller.sampled:
            parent = b"00%b00" % caller.parent[2:53]
        else:
            return request
        if of.named or caller is not None or request.operation in self._traced_anyway:
            replaced = (TRACEPARENT, TRACESTATE) if caller is None else (TRACEPARENT,)
            headers = [pair for pair in headers if pair[0] not in replaced]
        return OutboundRequest(
            request.operation, request.method, request.url, [*headers, (TRACEPARENT, parent)], request.body
        )

    async def aclose(self) -> None:
        """Leave the transport open: others still send."""

    def _instrument(self, operation: str) -> Instrument:
        attributes: dict[str, Value] = {"naftiko.operation": operation}
        attributes |= self._servers.get(operation.partition(".")[0], {})
        return self._observer.instrument(UPSTREAM, "client", operation, attributes)


def _server(base_uri: str) -> Mapping[str, Value]:
    """Where an API is; nothing of one that is never called, or whose base URI holds variables, which may be secrets."""
    if "{" in base_uri:
        return {}
    parts = urlsplit(base_uri)
    host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    return {} if not host or port is None else {"server.address": host, "server.port": port}
