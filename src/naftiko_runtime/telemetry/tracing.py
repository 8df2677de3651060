"""Traces of requests. Three calls separate them from the library that records spans.

This module does not import the OpenTelemetry SDK, which is imported only with traces; see docs/adr/0021.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

from naftiko_runtime.telemetry.mcp import METHODS, MessageWatch
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, read_caller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.asgi_types import Receive, Send
    from naftiko_runtime.telemetry.request_instruments import RequestSeries
    from naftiko_runtime.telemetry.sampling import Sampler
    from naftiko_runtime.telemetry.span_attributes import AttributeBuilder, Attributes, SpanSide
    from naftiko_runtime.telemetry.trace_headers import Caller
    from naftiko_runtime.upstream.interface import Header, OutboundRequest

_W3C: Final = frozenset({TRACEPARENT, TRACESTATE})


class TraceSpan(Protocol):
    """The span of a request or a call, recorded or not."""

    @property
    def trace_id(self) -> str:
        """The identifier, in hexadecimal digits."""

    @property
    def span_id(self) -> str:
        """The identifier, in hexadecimal digits."""

    @property
    def recorded(self) -> bool:
        """Whether the span is recorded."""

    def inject(self, headers: Sequence[Header]) -> list[Header]:
        """Return the headers of a request with this span's trace instead of any other."""

    def end(self, name: str, attributes: Attributes, end_ns: int, *, failed: bool) -> None:
        """End the span.

        Args:
            name: The final name.
            attributes: More attributes.
            end_ns: Nanoseconds since the epoch.
            failed: Whether the span is an error.
        """


class Tracing(Protocol):
    """Records spans."""

    @property
    def fields(self) -> frozenset[bytes]:
        """The headers that may name a trace."""

    def start(
        self, name: str, kind: SpanSide, attributes: Attributes, start_ns: int, parent: TraceSpan | Sequence[Header]
    ) -> TraceSpan:
        """Start a span, which may not be recorded.

        Args:
            name: A name until the end.
            kind: Which side of a request we are, or ``internal`` for a step between both.
            attributes: Attributes by which a sampler may decide.
            start_ns: Nanoseconds since the epoch.
            parent: The parent span, or the headers that may name one; no headers for a new trace.
        """


class RequestTrace:
    """A request that may be recorded. Its span starts when it is first needed: the body may name its trace.

    Attributes:
        ignored: Whether the request is not recorded, and its trace headers go to upstreams unchanged.
        tool: What counts the tool call of the request; it names the span better than the path of an MCP server.
        message: The MCP message of the request.
    """

    __slots__ = ("_began", "_headers", "_scope", "_span", "_starting", "_tracer", "ignored", "message", "tool")

    def __init__(self, tracer: Tracer, scope: Mapping[str, Any], headers: Sequence[Header], began: float) -> None:
        self._tracer = tracer
        self._scope = scope
        self._headers = headers
        self._began = began
        self._span: TraceSpan | None = None
        self._starting = False
        self.ignored = False
        self.tool: RequestSeries | None = None
        self.message: MessageWatch | None = None

    @property
    def span(self) -> TraceSpan:
        """The span of the request."""
        if self._span is None:
            self._starting = True
            self._span = self._tracer.start_server(self._scope, self._headers, self._began)
        return self._span

    def find_log_span(self) -> TraceSpan | None:
        """Return the span of a log line; None for a line that is logged while the span starts."""
        return None if self.ignored else self._span if self._starting else self.span

    def start_step(self, name: str, attributes: Attributes, began: float) -> RequestTrace:
        """Start the span of a step of this request. In what is returned, it stands for the span of the request.

        Args:
            name: The name of the span.
            attributes: What describes the step.
            began: Its start in seconds, by ``perf_counter``.
        """
        step = RequestTrace(self._tracer, self._scope, self._headers, self._began)
        step._span, step._starting = self._tracer.start_step(self, name, attributes, began), True
        return step

    def end_step(self, name: str, error_type: str, ended: float) -> None:
        """End the span of a step.

        Args:
            name: The name of the span.
            error_type: Why it failed; empty if it did not fail.
            ended: Its end in seconds, by ``perf_counter``.
        """
        self._tracer.end_step(self.span, name, error_type, ended)

    def adopt(self, headers: Sequence[Header], *, ignored: bool) -> None:
        """Join the trace that these headers name, unless the headers of the request name one."""
        if not (self._starting or self._headers):
            self._headers = headers
            self.ignored = ignored


CURRENT: ContextVar[RequestTrace | None] = ContextVar("naftiko_request_trace", default=None)
"""The current request, if it may be recorded or has a trace to pass on."""


def watch_message(headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Return ``receive`` and ``send`` that keep the message of the current request, if the request is recorded.

    A request that is recorded only because its message names a trace has no message attributes: keeping every message
    would cost all other requests.
    """
    if (trace := CURRENT.get()) is None or trace.ignored:
        return receive, send
    trace.message = MessageWatch(headers, receive, send)
    return trace.message.receive, trace.message.send


class Tracer:
    """Records the requests of a process and their calls of upstreams.

    All times come from one monotonic clock and are converted to time since the epoch.
    """

    def __init__(self, tracing: Tracing, sampler: Sampler, attributes: AttributeBuilder) -> None:
        self._tracing = tracing
        self._sampler = sampler
        self._follows_caller = sampler.follows_caller
        self._attributes = attributes
        self._w3c = tracing.fields <= _W3C
        self.fields = tracing.fields
        """The headers that may name a trace."""
        self.sampling_decisions = sampler.decisions
        """Whether to begin a request that names no trace; take one decision for each."""
        self._epoch_ns = 0
        self.set_clock()

    def set_clock(self) -> None:
        """Read the system clock, which may be changed. Call this about once a second."""
        self._epoch_ns = time_ns() - perf_counter_ns()

    def _to_epoch_ns(self, seconds: float) -> int:
        """Return nanoseconds since the epoch for a time of the performance counter."""
        return self._epoch_ns + round(seconds * 1e9)

    def begin(
        self, scope: Mapping[str, Any], began: float, *, named: bool, awaits_message: bool
    ) -> RequestTrace | None:
        """Begin a request; return None if nothing is recorded or passed on. Call this in its task.

        Args:
            scope: The scope of the request.
            began: Its start in seconds, by ``perf_counter``.
            named: Whether one of its headers may name a trace.
            awaits_message: Whether its body may name a trace if its headers do not. If not, a decision was taken for a
                request that is not ``named``.
        """
        headers: Sequence[Header] = ()
        if named and not self._w3c:
            headers = scope["headers"]
        elif named and (caller := read_caller(scope["headers"])) is not None:
            if self._ignores(caller):
                return None
            headers = caller.make_headers()
        drawn = not named and not awaits_message
        recorded = headers or drawn or next(self.sampling_decisions)
        if not (recorded or awaits_message):
            return None
        trace = RequestTrace(self, scope, headers, began)
        trace.ignored = not recorded
        CURRENT.set(trace)
        return trace

    def _ignores(self, caller: Caller) -> bool:
        """Return whether a request is not recorded, and the caller's trace headers go to upstreams unchanged."""
        if caller.sampled:
            return False
        return self._follows_caller or not self._sampler.may_take(caller)

    def adopt(self, headers: Sequence[Header]) -> None:
        """Make the current request part of the trace that its body names.

        Args:
            headers: Valid headers that name the trace.
        """
        if (trace := CURRENT.get()) is not None and (caller := read_caller(headers)) is not None:
            trace.adopt(headers, ignored=self._ignores(caller))

    def start_server(self, scope: Mapping[str, Any], headers: Sequence[Header], began: float) -> TraceSpan:
        """Start the span of a request."""
        attributes = self._attributes.build_request_attributes(scope)
        name = str(attributes["http.request.method"])
        return self._tracing.start(name, "server", attributes, self._to_epoch_ns(began), headers)

    def end_server(self, trace: RequestTrace, series: RequestSeries, ended: float) -> None:
        """End the span of a request.

        Args:
            trace: The request.
            series: What counted the request.
            ended: Its end in seconds, by ``perf_counter``.
        """
        if trace.ignored or not (span := trace.span).recorded:
            return
        attributes, name = dict(series.attributes), series.span_name
        if trace.message is not None:
            described = trace.message.build_attributes()
            attributes |= {key: self._attributes.mask(str(value)) for key, value in described.items()}
            name = str(described["mcp.method.name"]) if described.get("mcp.method.name") in METHODS else name
        if trace.tool is not None:
            attributes |= trace.tool.attributes
            name = trace.tool.span_name
        span.end(name, attributes, self._to_epoch_ns(ended), failed="error.type" in attributes)

    def start_step(self, trace: RequestTrace, name: str, attributes: Attributes, began: float) -> TraceSpan:
        """Start the span of a step; see :meth:`RequestTrace.start_step`."""
        return self._tracing.start(name, "internal", attributes, self._to_epoch_ns(began), trace.span)

    def end_step(self, span: TraceSpan, name: str, error_type: str, ended: float) -> None:
        """End the span of a step; see :meth:`RequestTrace.end_step`."""
        if span.recorded:
            attributes = {"error.type": error_type} if error_type else {}
            span.end(name, attributes, self._to_epoch_ns(ended), failed=bool(error_type))

    def start_client(self, trace: RequestTrace, request: OutboundRequest, began: float) -> TraceSpan:
        """Start the span of a call that a request makes."""
        attributes = self._attributes.build_call_attributes(request)
        return self._tracing.start(request.method, "client", attributes, self._to_epoch_ns(began), trace.span)

    def end_client(self, span: TraceSpan, series: RequestSeries, request: OutboundRequest, ended: float) -> None:
        """End the span of a call.

        Args:
            span: The span of the call.
            series: What counted the call.
            request: The request, which may have been sent more than once.
            ended: Seconds, by ``perf_counter``.
        """
        if span.recorded:
            attributes = series.attributes
            if request.resend_count:
                attributes = {**attributes, "http.request.resend_count": request.resend_count}
            span.end(series.span_name, attributes, self._to_epoch_ns(ended), failed="error.type" in attributes)
