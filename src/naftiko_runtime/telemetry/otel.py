"""Spans by the OpenTelemetry SDK. Only this module and :mod:`count_exported_spans` import it (extra ``otel``)."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import Getter, Setter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode, format_span_id, format_trace_id, set_span_in_context

from naftiko_runtime import limits
from naftiko_runtime._version import __version__
from naftiko_runtime.telemetry.count_exported_spans import CountedExporter, CountingProcessor, ExporterMessages
from naftiko_runtime.telemetry.sampling import LOT_BITS
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, filter_trace_headers
from naftiko_runtime.telemetry.trace_options import (
    EXPORTERS,
    HTTP_EXPORTER,
    ID_GENERATORS,
    PROPAGATORS,
    RATIO_SAMPLERS,
    SAMPLERS,
    TRACER_CONFIGURATORS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.sdk.trace.sampling import Sampler as SdkSampler

    from naftiko_runtime.telemetry.sampling import Sampler
    from naftiko_runtime.telemetry.span_attributes import Attributes, SpanSide
    from naftiko_runtime.telemetry.trace_options import TraceOptions
    from naftiko_runtime.telemetry.tracing import TraceSpan
    from naftiko_runtime.upstream.interface import Header

_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_ERROR: Final = Status(StatusCode.ERROR)
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"
_UNNAMED_SERVICE: Final = "unknown_service"


class OtelTracing:
    """Records spans with the SDK; see :class:`naftiko_runtime.telemetry.tracing.Tracing`."""

    def __init__(
        self, options: TraceOptions, sampler: Sampler, service: str, count: Callable[[str, int], None]
    ) -> None:
        """Start. Call this in the process that serves: the SDK's threads do not survive a fork.

        Args:
            options: The operator's choices.
            sampler: Decides before the SDK does.
            service: The service name, unless the options have one.
            count: Called with an outcome (``exported`` or ``dropped``) and a number of spans.

        Raises:
            Exception: The SDK, or another package, rejects the options.
        """
        self._count = count
        self._counted = {"exported": 0, "dropped": 0}
        ExporterMessages.install()
        self._propagator = CompositePropagator([load_component(PROPAGATORS, each)() for each in options.propagators])
        self._provider = TracerProvider(
            sampler=_load_sampler(options),
            resource=_make_resource(service),
            shutdown_on_exit=False,
            id_generator=_SampledIds(load_component(ID_GENERATORS, options.id_generator)(), sampler.below),
            **_load_configurator(options),
        )
        self._exporters = [
            CountedExporter(_load_exporter(name, options), options.collector, options.queue_max)
            for name in options.exporters
        ]
        for exporter in self._exporters:
            self._provider.add_span_processor(CountingProcessor(exporter, options))
        self._tracer = self._provider.get_tracer("naftiko_runtime", __version__, _SCHEMA)
        self.fields = frozenset(field.lower().encode() for field in self._propagator.fields)

    def start(
        self, name: str, kind: SpanSide, attributes: Attributes, start_ns: int, parent: TraceSpan | Sequence[Header]
    ) -> OtelSpan:
        """See :meth:`naftiko_runtime.telemetry.tracing.Tracing.start`."""
        match parent:
            case OtelSpan():
                context = parent.context
            case [*headers]:
                context = self._extract(headers)
            case _:
                raise TypeError(parent)
        span = self._tracer.start_span(name, context, _KINDS[kind], dict(attributes), start_time=start_ns)
        return OtelSpan(self, span, set_span_in_context(span, context))

    def _extract(self, headers: Sequence[Header]) -> Context:
        """Return the trace that headers name; W3C headers only if they are valid."""
        carrier = [pair for pair in headers if pair[0] not in (TRACEPARENT, TRACESTATE)] + filter_trace_headers(headers)
        return self._propagator.extract(carrier, Context(), _HEADERS_GETTER)

    def inject(self, context: Context, headers: Sequence[Header]) -> list[Header]:
        """Return headers with the trace of a context instead of their own."""
        kept = [pair for pair in headers if pair[0] not in self.fields]
        self._propagator.inject(kept, context, _HEADERS_SETTER)
        return kept

    def count(self) -> None:
        """Count the exported and dropped spans since the last call. Call this about once a second."""
        for exporter in self._exporters:
            exporter.count_waiting()
        now = {outcome: sum(getattr(each, outcome) for each in self._exporters) for outcome in self._counted}
        for outcome, total in now.items():
            self._count(outcome, total - self._counted[outcome])
        self._counted = now

    async def close(self) -> None:
        """Export the remaining spans, for at most ``TRACES_LAST_SECONDS``."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is gone when that took too long
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=shut_down, name="traces-shutdown", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.TRACES_LAST_SECONDS):
                await closed.wait()
        for exporter in self._exporters:
            exporter.give_up()
        self.count()


class OtelSpan:
    """A span of the SDK; see :class:`naftiko_runtime.telemetry.tracing.Span`."""

    __slots__ = ("_span", "_tracing", "context")

    def __init__(self, tracing: OtelTracing, span: trace.Span, context: Context) -> None:
        self._tracing = tracing
        self._span = span
        self.context = context

    @property
    def trace_id(self) -> str:
        """The identifier, in hexadecimal digits."""
        return format_trace_id(self._span.get_span_context().trace_id)

    @property
    def span_id(self) -> str:
        """The identifier, in hexadecimal digits."""
        return format_span_id(self._span.get_span_context().span_id)

    @property
    def recorded(self) -> bool:
        """Whether the span is recorded."""
        return self._span.is_recording()

    def inject(self, headers: Sequence[Header]) -> list[Header]:
        """See :meth:`naftiko_runtime.telemetry.tracing.Span.inject`."""
        return self._tracing.inject(self.context, headers)

    def end(self, name: str, attributes: Attributes, end_ns: int, *, failed: bool) -> None:
        """See :meth:`naftiko_runtime.telemetry.tracing.Span.end`."""
        span = self._span
        span.update_name(name)
        span.set_attributes(dict(attributes))
        if failed:
            span.set_status(_ERROR)
        span.end(end_ns)


class _SampledIds(IdGenerator):
    """Generates identifiers of new traces that the sampler takes: the decision was made before."""

    def __init__(self, generator: IdGenerator, below: int) -> None:
        self._generator = generator
        self._below = below

    def generate_span_id(self) -> int:
        return self._generator.generate_span_id()

    def generate_trace_id(self) -> int:
        drawn = self._generator.generate_trace_id()
        lot = drawn & ((1 << LOT_BITS) - 1)
        return drawn - lot + (lot * self._below >> LOT_BITS)

    def is_trace_id_random(self) -> bool:
        return self._generator.is_trace_id_random()


class _HeadersGetter(Getter["Sequence[Header]"]):
    def get(self, carrier: Sequence[Header], key: str) -> list[str] | None:
        name = key.lower().encode()
        return [value.decode("latin-1") for other, value in carrier if other == name] or None

    def keys(self, carrier: Sequence[Header]) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


class _HeadersSetter(Setter["list[Header]"]):
    def set(self, carrier: list[Header], key: str, value: str) -> None:
        carrier.append((key.lower().encode(), value.encode("latin-1", "replace")))


_HEADERS_GETTER: Final = _HeadersGetter()
_HEADERS_SETTER: Final = _HeadersSetter()


def load_component(group: str, name: str) -> Any:
    """Load a component by its entry point, which the options have checked."""
    return next(iter(entry_points(group=group, name=name))).load()


def _load_sampler(options: TraceOptions) -> SdkSampler:
    argument = options.ratio if options.sampler in RATIO_SAMPLERS else options.sampler_argument
    sampler: SdkSampler = load_component(SAMPLERS, options.sampler)(argument)
    return sampler


def _load_configurator(options: TraceOptions) -> dict[str, Any]:
    """Return the arguments of the provider for the operator's configurator; the SDK calls the parameter private."""
    name = options.tracer_configurator
    return {"_tracer_configurator": load_component(TRACER_CONFIGURATORS, name)} if name else {}


def _load_exporter(name: str, options: TraceOptions) -> SpanExporter:
    component = load_component(EXPORTERS, name)
    exporter: SpanExporter = component(endpoint=options.endpoint) if name == HTTP_EXPORTER else component()
    return exporter


def _make_resource(service: str) -> Resource:
    """Return the resource of this process by the conventions; the operator's attributes take precedence."""
    configured = Resource.create()
    own: dict[str, str | int] = {
        "service.version": __version__,
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        "process.pid": os.getpid(),
    }
    named = not str(configured.attributes.get("service.name", _UNNAMED_SERVICE)).startswith(_UNNAMED_SERVICE)
    return (
        Resource(own).merge(configured)
        if named
        else Resource(own).merge(configured).merge(Resource({"service.name": service}))
    )
