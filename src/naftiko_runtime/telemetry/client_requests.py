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
    from naftiko_runtime.telemetry.request_instruments import Instrument, Outcome
    from naftiko_runtime.telemetry.span_attributes import Value
    from naftiko_runtime.telemetry.tracing import RequestTrace
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
        trace = None if self._tracer is None else CURRENT.get()
        if trace is not None and not trace.ignored:
            return self._observe(request, trace)
        return self._transport.send(request) if self._observer.meter is None else self._observe(request, None)

    async def _observe(self, request: OutboundRequest, trace: RequestTrace | None) -> UpstreamResponse:
        began = perf_counter()
        tracer, span, given = self._tracer, None, request
        if tracer is not None and trace is not None:
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
                given.resend_count = request.resend_count
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
