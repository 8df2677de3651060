"""A collector of traces on loopback, which reads requests with OpenTelemetry's own messages."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.upstream import WAIT_SECONDS, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from support.upstream import RecordedRequest

_TYPE = {"content-type": "application/x-protobuf"}


class Collector(Upstream):
    """Accepts everything, unless :meth:`on` sets another response."""

    def __init__(self) -> None:
        super().__init__()
        self._accept_all()

    def _accept_all(self) -> None:
        self.on("POST", "/v1/traces", Reply(headers=_TYPE))

    def reset(self) -> None:
        """Forget all requests and scripts, and accept everything again."""
        super().reset()
        self._accept_all()

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a program that sends its traces here, without delay."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "1", **more}

    def requests(self) -> list[ExportTraceServiceRequest]:
        return [_read(one) for one in self.received]

    def spans(self) -> list[Span]:
        """All spans so far."""
        return [
            span
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def wait_spans(self, number: int) -> list[Span]:
        """Block until exactly that many spans have arrived."""
        arrived = self.wait(lambda _: len(self.spans()) >= number, WAIT_SECONDS)
        assert arrived, self.spans()
        assert len(self.spans()) == number, self.spans()
        return self.spans()

    def wait_span(self, wanted: Callable[[Span], bool]) -> Span:
        """Block until a span with a property has arrived."""
        arrived = self.wait(lambda _: any(map(wanted, self.spans())), WAIT_SECONDS)
        assert arrived, self.spans()
        return next(filter(wanted, self.spans()))


def _read(received: RecordedRequest) -> ExportTraceServiceRequest:
    assert received.header("content-type") == "application/x-protobuf"
    packed = received.header("content-encoding") == "gzip"
    return ExportTraceServiceRequest.FromString(gzip.decompress(received.body) if packed else received.body)


def read_attributes(span: Span) -> dict[str, str | int]:
    """A span's attributes as plain values."""
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}
