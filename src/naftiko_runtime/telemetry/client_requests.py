"""A transport that counts and records calls, and passes the trace of a recorded request to upstreams."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from naftiko_runtime.errors import UpstreamOverloaded
from naftiko_runtime.telemetry.metrics import UPSTREAM
from naftiko_runtime.telemetry.tracing import CURRENT
from naftiko_runtime.upstream.interface import UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.telemetry.request_instruments import Instrument, Outcome
    from naftiko_runtime.telemetry.request_observer import Observer
    from naftiko_runtime.telemetry.span_attributes import Value
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

_PORTS: Final = {"http": 80, "https": 443}


class InstrumentedTransport:
    """Wraps a transport. It does not close it."""

    def __init__(self, transport: Transport, plan: Plan, observer: Observer) -> None:
        self._transport = transport
        self._observer = observer
        self._tracer = observer.tracer
        self._servers = {upstream.namespace: _describe_server(upstream.base_uri) for upstream in plan.upstreams}
        self._instruments: dict[str, Instrument] = {}

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """See :meth:`naftiko_runtime.upstream.interface.Transport.send`."""
        began = perf_counter()
        tracer, span = self._tracer, None
        if tracer is not None and (trace := CURRENT.get()) is not None and not trace.ignored:
            span = tracer.start_client(trace, request, began)
            request = replace(request, headers=span.inject(request.headers))
        outcome: Outcome = "cancelled"
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
            ended = perf_counter()
            try:
                series = self._instruments[request.operation].series[request.method][outcome]
            except KeyError:
                series = self._find_instrument(request.operation).get_series(request.method, outcome)
            series.observe(ended - began)
            if span is not None and tracer is not None:
                tracer.end_client(span, series, request, ended)
        return response

    async def aclose(self) -> None:
        """Leave the transport open: others use it as well."""

    def _find_instrument(self, operation: str) -> Instrument:
        if (known := self._instruments.get(operation)) is not None:
            return known
        attributes: dict[str, Value] = {"naftiko.operation": operation}
        attributes |= self._servers.get(operation.partition(".")[0], {})
        made = self._observer.make_instrument(UPSTREAM, "client", operation, attributes)
        self._instruments[operation] = made
        return made


def _describe_server(base_uri: str) -> Mapping[str, Value]:
    """Return the address and port of an API; nothing if its base URI has variables, which may be secrets."""
    if "{" in base_uri:
        return {}
    parts = urlsplit(base_uri)
    host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    return {} if not host or port is None else {"server.address": host, "server.port": port}
