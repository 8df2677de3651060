"""Counts the spans that exporters of the OpenTelemetry SDK send and drop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from naftiko_runtime.telemetry.trace_options import TraceOptions

log = logging.getLogger(__name__)

_EXPORTERS: Final = "opentelemetry.exporter"
"""The logger of the SDK's exporters."""
_MESSAGES_MAX: Final = 2


class CountedExporter(SpanExporter):
    """Counts the spans that another exporter sends and fails to send.

    A thread of the SDK calls it; the thread of the event loop reads the counts.

    Attributes:
        ended: Spans that the SDK received.
        exported: Spans that were sent.
        dropped: Spans that were not sent: the collector rejects them, or the queue was full.
    """

    def __init__(self, exporter: SpanExporter, collector: str, queue_max: int) -> None:
        """Prepare the counts.

        Args:
            exporter: Sends spans.
            collector: The name of the collector, for log lines.
            queue_max: The maximum number of spans that wait.
        """
        self.ended = self.exported = self.dropped = 0
        self._exporter = exporter
        self._collector = collector
        self._queue_max = queue_max
        self._received = self._overflowed = self._unreported = self._failures = 0
        self._sending = False
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans. One thread calls this at a time, and waits."""
        with self._lock:
            self._received += len(spans)
            self._sending = True
        failure = self._send(spans)
        with self._lock:
            self._count_overflow()
            self._sending = False
            overflowed, self._unreported = self._unreported, 0
            if failure is None:
                self.exported += len(spans)
            else:
                self.dropped += len(spans)
        if overflowed:
            self._report(overflowed, "the queue is full")
        if failure is not None:
            self._report(len(spans), failure)
            return SpanExportResult.FAILURE
        if not overflowed:
            self._failures = 0
        return SpanExportResult.SUCCESS

    def _send(self, spans: Sequence[ReadableSpan]) -> str | None:
        """Send spans; return the reason of a failure, or None."""
        messages = ExporterMessages.get_messages()
        messages.clear()
        try:
            if self._exporter.export(spans) is SpanExportResult.SUCCESS:
                return None
        except Exception as error:  # noqa: BLE001 - whatever an exporter raises costs spans, and is reported
            messages.append(f"{type(error).__name__}: {error}")
        return "; ".join(messages[-_MESSAGES_MAX:]) or "the exporter does not say why"

    def count_waiting(self) -> None:
        """Count the spans that found no room in the queue while others are being sent."""
        with self._lock:
            if self._sending:
                self._count_overflow()

    def give_up(self) -> None:
        """Count all spans that were not sent as dropped. Call this at the end."""
        with self._lock:
            left = self.ended - self.exported - self.dropped
            self.dropped += left
        if left > 0:
            self._failures = 0
            self._report(left, "the program ends")

    def _count_overflow(self) -> None:
        """Count the spans that found no room: more are missing than fit into the queue.

        The number of waiting spans is only known while a batch is being sent.
        """
        new = max(0, self.ended - self._received - self._queue_max - self._overflowed)
        self._overflowed += new
        self._unreported += new
        self.dropped += new

    def _report(self, count: int, reason: str) -> None:
        """Log a loss the 1st, 10th, 100th … time in a row."""
        self._failures += 1
        if str(self._failures).strip("0") == "1":
            extra = {"spans": count, "collector": self._collector, "reason": reason}
            log.warning("spans dropped", extra=extra)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        return self._exporter.force_flush(timeout_millis)


class CountingProcessor(BatchSpanProcessor):
    """Passes spans to an exporter in batches, in its own thread."""

    def __init__(self, exporter: CountedExporter, options: TraceOptions) -> None:
        batch_max = min(options.batch_max, options.queue_max)
        super().__init__(exporter, options.queue_max, options.delay_seconds * 1e3, batch_max)
        self._exporter = exporter

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span that has ended. The SDK calls this in the thread of the event loop."""
        super().on_end(span)
        if span.context is not None and span.context.trace_flags.sampled:
            self._exporter.ended += 1


class ExporterMessages(logging.Handler):
    """Keeps the log messages of exporters, which say why they fail; they would log each failure."""

    _local = threading.local()

    @classmethod
    def install(cls) -> None:
        """Handle the log records of the SDK's exporters."""
        logger = logging.getLogger(_EXPORTERS)
        if not any(isinstance(handler, cls) for handler in logger.handlers):
            logger.addHandler(cls())
            logger.propagate = False

    @classmethod
    def get_messages(cls) -> list[str]:
        """Return the messages that were logged in this thread."""
        messages: list[str] | None = getattr(cls._local, "messages", None)
        if messages is None:
            messages = cls._local.messages = []
        return messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.get_messages().append(record.getMessage())
