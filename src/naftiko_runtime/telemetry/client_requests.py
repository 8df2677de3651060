"""A transport that counts and records calls, and passes the trace of a recorded request to upstreams."""

from __future__ import annotations

import re
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from naftiko_runtime.errors import UpstreamOverloaded
from naftiko_runtime.masking import MASK
from naftiko_runtime.telemetry.metrics import UPSTREAM
from naftiko_runtime.telemetry.tracing import CURRENT
from naftiko_runtime.upstream.interface import UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.telemetry.meter_and_tracer import Observer
    from naftiko_runtime.telemetry.request_instruments import Instrument, Outcome, RequestSeries
    from naftiko_runtime.telemetry.span_attributes import Value
    from naftiko_runtime.telemetry.tracing import RequestTrace, Tracer
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

_PORTS: Final = {"http": 80, "https": 443}
_VARIABLE: Final = re.compile(r"\{+[^{}]*\}+")


class InstrumentedTransport:
    """Wraps a transport. It does not close it."""

    def __init__(self, transport: Transport, plan: Plan, observer: Observer) -> None:
        self._transport = transport
        self._observer = observer
        self._tracer = observer.tracer
        self._servers = {upstream.namespace: describe_server(upstream.base_uri) for upstream in plan.upstreams}
        self._instruments: dict[str, Instrument] = {}

    def send(self, request: OutboundRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """See :meth:`naftiko_runtime.upstream.interface.Transport.send`.

        A call that is neither counted nor recorded costs no coroutine of its own.
        """
        if self._tracer is None:
            return self._count(request)
        trace = CURRENT.get()
        if trace is not None and not trace.ignored:
            return self._record(request, trace, self._tracer)
        return self._transport.send(request) if self._observer.meter is None else self._count(request)

    async def _count(self, request: OutboundRequest) -> UpstreamResponse:
        outcome: Outcome = "cancelled"
        began = perf_counter()
        try:
            response = await self._transport.send(request)
            outcome = response.status
        except (UpstreamUnreachable, UpstreamOverloaded) as error:
            outcome = _name_failure(error)
            raise
        finally:
            ended = perf_counter()
            try:
                observe = self._instruments[request.operation].series[request.method][outcome].observe
            except KeyError:
                observe = self._get_series(request, outcome).observe
            observe(ended - began)
        return response

    async def _record(self, request: OutboundRequest, trace: RequestTrace, tracer: Tracer) -> UpstreamResponse:
        began = perf_counter()
        span = tracer.start_client(trace, request, began)
        sent = replace(request, headers=span.inject(request.headers))
        outcome: Outcome = "cancelled"
        try:
            response = await self._transport.send(sent)
            outcome = response.status
        except (UpstreamUnreachable, UpstreamOverloaded) as error:
            outcome = _name_failure(error)
            raise
        finally:
            ended = perf_counter()
            series = self._get_series(request, outcome)
            series.observe(ended - began)
            request.resend_count = sent.resend_count
            tracer.end_client(span, series, sent, ended)
        return response

    async def aclose(self) -> None:
        """Leave the transport open: others use it as well."""

    def _get_series(self, request: OutboundRequest, outcome: Outcome) -> RequestSeries:
        operation = request.operation
        if (instrument := self._instruments.get(operation)) is None:
            attributes: dict[str, Value] = {"naftiko.operation": operation}
            attributes |= self._servers.get(operation.partition(".")[0], {})
            instrument = self._observer.make_instrument(UPSTREAM, "client", operation, attributes)
            self._instruments[operation] = instrument
        return instrument.get_series(request.method, outcome)


def _name_failure(error: UpstreamUnreachable | UpstreamOverloaded) -> str:
    return "unreachable" if isinstance(error, UpstreamUnreachable) else "overloaded"


def describe_server(base_uri: str) -> Mapping[str, Value]:
    """Return the address and port of an API. The variables of a base URI are secrets and are masked.

    Args:
        base_uri: The base URI, with the names of its variables in braces.
    """
    scheme, _, rest = _VARIABLE.sub(MASK, base_uri).partition("://")
    authority = rest.partition("/")[0].rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or port.endswith("]"):  # of an IPv6 address
        host, port = authority, "" if MASK not in authority else MASK
    if MASK in port or (not port and scheme not in _PORTS):
        return {"server.address": host.strip("[]") or MASK, "server.port": MASK}
    return {"server.address": host.strip("[]"), "server.port": int(port or _PORTS[scheme])}
