"""A trace of a caller, and the spans of its request."""

from __future__ import annotations

from opentelemetry.proto.trace.v1.trace_pb2 import Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}


def by_kind(spans: list[Span]) -> tuple[Span, Span]:
    """The one of a server and the one of a client."""
    server, client = sorted(spans, key=lambda span: span.kind)
    assert (server.kind, client.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    return server, client
