"""Exporters of OpenTelemetry's SDK, and what becomes of the spans that they are given."""

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
    """Counts what another exporter sends and fails to send.

    A thread of the SDK calls it, and the loop's thread looks at the counts.

    Attributes:
        ended: Spans that were given to the SDK.
        exported: Spans that were sent.
        dropped: Spans that were not: the collector does not take them, or too many were waiting.
    """

    def __init__(self, exporter: SpanExporter, collector: str, queue_max: int) -> None:
        """Prepare it.

        Args:
            exporter: Sends spans.
            collector: Where to, for people.
            queue_max: How many spans wait for it at most.
        """
        self.ended = self.exported = self.dropped = 0
        self._exporter = exporter
        self._collector = collector
        self._queue_max = queue_max
        self._taken = self._overflowed = self._unreported = self._failures = 0
        self._sending = False
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; one thread calls it at a time, and waits."""
        with self._lock:
            self._taken += len(spans)
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
            self._report(overflowed, "too many are waiting")
        if failure is not None:
            self._report(len(spans), failure)
            return SpanExportResult.FAILURE
        if not overflowed:
            self._failures = 0
        return SpanExportResult.SUCCESS

    def _send(self, spans: Sequence[ReadableSpan]) -> str | None:
        """Send spans; returns why it failed, nothing if it did not."""
        messages = ExporterMessages.of_this_thread()
        messages.clear()
        try:
            if self._exporter.export(spans) is SpanExportResult.SUCCESS:
                return None
        except Exception as error:  # noqa: BLE001 - whatever an exporter raises costs spans, and is reported
            messages.append(f"{type(error).__name__}: {error}")
        return "; ".join(messages[-_MESSAGES_MAX:]) or "the exporter does not say why"

    def look(self) -> None:
        """Count the spans that found no room while others are being sent, which may take long."""
        with self._lock:
            if self._sending:
                self._count_overflow()

    def give_up(self) -> None:
        """Count everything that was not sent as dropped; to be called at the end."""
        with self._lock:
            left = self.ended - self.exported - self.dropped
            self.dropped += left
        if left > 0:
            self._failures = 0
            self._report(left, "the program ends")

    def _count_overflow(self) -> None:
        """Count the spans that found no room: more are missing than fit in the queue, so it is full, or was.

        Between two batches nobody knows how many wait; a batch that is being sent is known.
        """
        new = max(0, self.ended - self._taken - self._queue_max - self._overflowed)
        self._overflowed += new
        self._unreported += new
        self.dropped += new

    def _report(self, count: int, reason: str) -> None:
        """Log a loss the first, the tenth, the hundredth time in a row."""
        self._failures += 1
        if str(self._failures).strip("0") == "1":
            extra = {"spans": count, "collector": self._collector, "reason": reason}
            log.warning("spans lost: the collector does not take them", extra=extra)

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        return self._exporter.force_flush(timeout_millis)


class CountingProcessor(BatchSpanProcessor):
    """Hands spans to an exporter in batches, by a thread of its own."""

    def __init__(self, exporter: CountedExporter, options: TraceOptions) -> None:
        batch_max = min(options.batch_max, options.queue_max)
        super().__init__(exporter, options.queue_max, options.delay_seconds * 1e3, batch_max)
        self._exporter = exporter

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended; the SDK calls it in the loop's thread."""
        super().on_end(span)
        if span.context is not None and span.context.trace_flags.sampled:
            self._exporter.ended += 1


class ExporterMessages(logging.Handler):
    """Keeps what exporters log, which says why they fail; they would log it each time."""

    _local = threading.local()

    @classmethod
    def install(cls) -> None:
        """Take over the log of the SDK's exporters."""
        logger = logging.getLogger(_EXPORTERS)
        if not any(isinstance(handler, cls) for handler in logger.handlers):
            logger.addHandler(cls())
            logger.propagate = False

    @classmethod
    def of_this_thread(cls) -> list[str]:
        """What was logged in this thread."""
        messages: list[str] | None = getattr(cls._local, "messages", None)
        if messages is None:
            messages = cls._local.messages = []
        return messages

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.of_this_thread().append(record.getMessage())
