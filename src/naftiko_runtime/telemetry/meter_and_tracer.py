"""Counts the requests of a process and records their spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError
from naftiko_runtime.telemetry.metrics import SPANS
from naftiko_runtime.telemetry.request_instruments import Instrument
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.span_attributes import AttributeBuilder
from naftiko_runtime.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from naftiko_runtime.telemetry.metrics import Family, Meter
    from naftiko_runtime.telemetry.otel import OtelTracing
    from naftiko_runtime.telemetry.span_attributes import Attributes, SpanSide
    from naftiko_runtime.telemetry.trace_options import TraceOptions


class Observer:
    """Counts and records the requests of a process. It has a meter, a tracer, or both.

    Attributes:
        meter: Counts; None without a control port.
        tracer: Records; None without traces.
    """

    def __init__(self, meter: Meter | None, options: TraceOptions | None, service: str) -> None:
        """Start. Call this in a running loop, in the process that serves.

        Args:
            meter: Counts; None to count nothing.
            options: Where spans go; None for no traces.
            service: The service name, unless the options have one.

        Raises:
            BindError: The SDK rejects the options.
        """
        self.meter = meter
        self.tracer: Tracer | None = None
        self._attributes = AttributeBuilder()
        self._tracing: OtelTracing | None = None
        if options is not None:
            sampler = Sampler(options.sampler, options.ratio)
            self._tracing = _open_tracing(options, sampler, service, self._count_spans())
            self.tracer = Tracer(self._tracing, sampler, self._attributes)

    def tick(self) -> None:
        """Update the clock, and count exported and dropped spans. Call this about once a second."""
        if self.tracer is not None:
            self.tracer.set_clock()
        if self._tracing is not None:
            self._tracing.count()

    async def close(self) -> None:
        """Export the remaining spans."""
        if self._tracing is not None:
            await self._tracing.close()

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Mask these values in all spans from now on."""
        if self.tracer is not None:
            self._attributes.add_secrets(secrets)

    def mask(self, text: str) -> str:
        """Return a text for a span, with secrets masked."""
        return self._attributes.mask(text)

    def make_instrument(self, family: Family, kind: SpanSide, target: str, attributes: Attributes) -> Instrument:
        """Return the instrument of a target.

        Args:
            family: The metric.
            kind: The side of the request: server or client.
            target: The name of a span, after its method.
            attributes: The attributes of every span, which are also labels of the metric.
        """
        return Instrument(family, kind, target, attributes, self.meter)

    def _count_spans(self) -> Callable[[str, int], None]:
        meter = self.meter
        if meter is None:
            return lambda _outcome, _count: None
        numbers = {outcome: meter.get_number(SPANS, outcome=outcome) for outcome in ("exported", "dropped")}
        return lambda outcome, count: numbers[outcome].add(count)


def _open_tracing(
    options: TraceOptions, sampler: Sampler, service: str, count: Callable[[str, int], None]
) -> OtelTracing:
    try:
        from naftiko_runtime.telemetry.otel import OtelTracing  # noqa: PLC0415 - the extra, when it is needed

        return OtelTracing(options, sampler, service, count)
    except Exception as error:  # whatever the SDK, and packages beside it, make of the operator's variables
        raise BindError((f"traces: {error}",)) from error
