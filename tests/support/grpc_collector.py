"""A collector of traces on loopback that speaks gRPC, by OpenTelemetry's own service."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from support.upstream import WAIT_SECONDS

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


class GrpcCollector(TraceServiceServicer):
    """Takes everything.

    Attributes:
        url: Where it listens.
        metadata: What came with the last request.
    """

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}
        self._spans: list[Span] = []
        self._arrived = threading.Condition()
        self._server = grpc.server(ThreadPoolExecutor(2))
        add_TraceServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self.url = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: N802 - gRPC
        with self._arrived:
            self.metadata = dict(context.invocation_metadata())
            scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
            self._spans += [span for scope in scopes for span in scope.spans]
            self._arrived.notify_all()
        return ExportTraceServiceResponse()

    def wait_spans(self, number: int) -> list[Span]:
        """Block until that many have come."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._spans) >= number, WAIT_SECONDS), self._spans
            return list(self._spans)
