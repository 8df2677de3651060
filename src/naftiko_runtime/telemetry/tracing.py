"""Traces of requests, behind an interface of three calls to whatever records spans.

Nothing here knows OpenTelemetry's SDK, which is only imported when traces are wanted; see docs/adr/0021.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

from naftiko_runtime.telemetry.mcp import METHODS, MessageWatch
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, caller_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.asgi import Receive, Send
    from naftiko_runtime.telemetry.instruments import Child
    from naftiko_runtime.telemetry.sampling import Sampler
    from naftiko_runtime.telemetry.span_attributes import AttributeBuilder, Attributes, Kind
    from naftiko_runtime.telemetry.trace_headers import Caller
    from naftiko_runtime.transport.base import Header, OutboundRequest

_W3C: Final = frozenset({TRACEPARENT, TRACESTATE})


class Span(Protocol):
    """A request or a call as it is recorded, or as it would be."""

    @property
    def trace_id(self) -> str:
        """In hexadecimal digits."""

    @property
    def span_id(self) -> str:
        """In hexadecimal digits."""

    @property
    def recorded(self) -> bool:
        """Whether anything of it is kept."""

    def inject(self, headers: Sequence[Header]) -> list[Header]:
        """A request's headers, such that the upstream continues this span's trace and no other."""

    def end(self, name: str, attributes: Attributes, end_ns: int, *, failed: bool) -> None:
        """End it.

        Args:
            name: Its final name.
            attributes: More of them.
            end_ns: Since the epoch.
            failed: Whether it is an error.
        """


class Tracing(Protocol):
    """Records spans."""

    @property
    def fields(self) -> frozenset[bytes]:
        """The headers that may name a trace."""

    def start(
        self, name: str, kind: Kind, attributes: Attributes, start_ns: int, parent: Span | Sequence[Header]
    ) -> Span:
        """Start a span, or what stands for one that is not recorded.

        Args:
            name: Until it is told at the end.
            kind: Which side of a request we are.
            attributes: By which a sampler may decide.
            start_ns: Since the epoch.
            parent: The span above it, or the headers that may name one; none for a trace that begins here.
        """


class RequestTrace:
    """A request that may be recorded. Its span starts when it is first needed: a message's body may name its trace.

    Attributes:
        ignored: Whether it is not recorded, and its upstreams are told what it came with.
        tool: The tool that it calls and what came of that, which name its span better than an MCP server's path does.
        message: The MCP message that it carries.
    """

    __slots__ = ("_began", "_headers", "_scope", "_span", "_starting", "_tracer", "ignored", "message", "tool")

    def __init__(self, tracer: Tracer, scope: Mapping[str, Any], headers: Sequence[Header], began: float) -> None:
        self._tracer = tracer
        self._scope = scope
        self._headers = headers
        self._began = began
        self._span: Span | None = None
        self._starting = False
        self.ignored = False
        self.tool: Child | None = None
        self.message: MessageWatch | None = None

    @property
    def span(self) -> Span:
        """The request's own."""
        if self._span is None:
            self._starting = True
            self._span = self._tracer.start_server(self._scope, self._headers, self._began)
        return self._span

    def span_of_log(self) -> Span | None:
        """The span that a log line belongs to; none for a line about its start."""
        return None if self.ignored else self._span if self._starting else self.span

    def adopt(self, headers: Sequence[Header], *, ignored: bool) -> None:
        """Be part of the trace that these headers name, unless the request's own named one."""
        if not (self._starting or self._headers):
            self._headers = headers
            self.ignored = ignored


CURRENT: ContextVar[RequestTrace | None] = ContextVar("naftiko_request_trace", default=None)
"""The request that runs here, when it may be recorded or its upstreams must be told of its trace."""


def watch_message(headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> tuple[Receive, Send]:
    """What lets the message that the request that runs here carries be told of, if the request is recorded.

    A request that is only recorded because its message names a trace is told of without: others pay nothing for it.
    """
    if (trace := CURRENT.get()) is None or trace.ignored:
        return receive, send
    trace.message = MessageWatch(headers, receive, send)
    return trace.message.receive, trace.message.send


class Tracer:
    """Records the requests of a process, and the calls that they make.

    All times come from one clock that only goes forward, and are told in the world's.
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
        """Whether to begin a request that names no trace; one is to be drawn for each."""
        self._epoch_ns = 0
        self.set_clock()

    def set_clock(self) -> None:
        """Read the system's clock, which may be changed; call it every second or so."""
        self._epoch_ns = time_ns() - perf_counter_ns()

    def _to_epoch_ns(self, seconds: float) -> int:
        """Return nanoseconds since the epoch for a time of the performance counter."""
        return self._epoch_ns + round(seconds * 1e9)

    def begin(self, scope: Mapping[str, Any], began: float, *, named: bool, awaits_message: bool) -> None:
        """Begin a request; to be called in its task.

        Args:
            scope: The request's.
            began: When it began: seconds, by ``perf_counter``.
            named: Whether one of its headers may name a trace.
            awaits_message: Whether its body may name a trace if its headers do not. If not, a decision was drawn for a
                request that is not ``named``.
        """
        headers: Sequence[Header] = ()
        if named and not self._w3c:
            headers = scope["headers"]
        elif named and (caller := caller_of(scope["headers"])) is not None:
            if self._ignores(caller):
                return
            headers = caller.headers()
        drawn = not named and not awaits_message
        taken = headers or drawn or next(self.sampling_decisions)
        if taken or awaits_message:
            trace = RequestTrace(self, scope, headers, began)
            trace.ignored = not taken
            CURRENT.set(trace)

    def _ignores(self, caller: Caller) -> bool:
        """Whether a caller's request is not recorded, as the caller has it, so that upstreams are told the same."""
        if caller.sampled:
            return False
        return self._follows_caller or not self._sampler.may_take(caller)

    def adopt(self, headers: Sequence[Header]) -> None:
        """Let the request that runs here be part of a trace that its body names.

        Args:
            headers: The trace, as valid headers name it.
        """
        if (trace := CURRENT.get()) is not None and (caller := caller_of(headers)) is not None:
            trace.adopt(headers, ignored=self._ignores(caller))

    def start_server(self, scope: Mapping[str, Any], headers: Sequence[Header], began: float) -> Span:
        """Start a request's span."""
        attributes = self._attributes.of_request(scope)
        name = str(attributes["http.request.method"])
        return self._tracing.start(name, "server", attributes, self._to_epoch_ns(began), headers)

    def end_server(self, trace: RequestTrace, child: Child, ended: float) -> None:
        """End a request's span.

        Args:
            trace: The request's.
            child: What it was counted under.
            ended: Seconds, by ``perf_counter``.
        """
        if trace.ignored or not (span := trace.span).recorded:
            return
        attributes, name = dict(child.attributes), child.span_name
        if trace.message is not None:
            told = trace.message.attributes()
            attributes |= {key: self._attributes.mask(str(value)) for key, value in told.items()}
            name = str(told["mcp.method.name"]) if told.get("mcp.method.name") in METHODS else name
        if trace.tool is not None:
            attributes |= trace.tool.attributes
            name = trace.tool.span_name
        span.end(name, attributes, self._to_epoch_ns(ended), failed="error.type" in attributes)

    def start_client(self, trace: RequestTrace, request: OutboundRequest, began: float) -> Span:
        """Start the span of a call that a request makes."""
        attributes = self._attributes.of_call(request)
        return self._tracing.start(request.method, "client", attributes, self._to_epoch_ns(began), trace.span)

    def end_client(self, span: Span, child: Child, request: OutboundRequest, ended: float) -> None:
        """End the span of a call.

        Args:
            span: The call's.
            child: What it was counted by.
            request: What was sent, perhaps more than once.
            ended: Seconds, by ``perf_counter``.
        """
        if span.recorded:
            attributes = child.attributes
            if request.resend_count:
                attributes = {**attributes, "http.request.resend_count": request.resend_count}
            span.end(child.span_name, attributes, self._to_epoch_ns(ended), failed="error.type" in attributes)
