"""Spans by OpenTelemetry's SDK. Only this module and :mod:`span_export` import it; they need the extra ``otel``."""

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
from naftiko_runtime.telemetry.sampling import LOT_BITS
from naftiko_runtime.telemetry.span_export import CountedExporter, CountingProcessor, ExporterMessages
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, valid_headers
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
    from opentelemetry.sdk.trace.sampling import Sampler as SdkSampler

    from naftiko_runtime.telemetry.sampling import Sampler
    from naftiko_runtime.telemetry.span_attributes import Attributes, Kind
    from naftiko_runtime.telemetry.trace_options import TraceOptions
    from naftiko_runtime.telemetry.tracing import Span
    from naftiko_runtime.transport.base import Header

_KINDS: Final = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT}
_ERROR: Final = Status(StatusCode.ERROR)
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"
_UNNAMED_SERVICE: Final = "unknown_service"


class OtelTracing:
    """Records spans with the SDK; see :class:`naftiko_runtime.telemetry.tracing.Tracing`."""

    def __init__(
        self, options: TraceOptions, sampler: Sampler, service: str, count: Callable[[str, int], None]
    ) -> None:
        """Begin; to be called by the process that serves: the SDK's threads do not survive a fork.

        Args:
            options: What the operator wants.
            sampler: Asked before the SDK is.
            service: What this program is called unless the options say.
            count: Told what became of how many spans: ``exported`` or ``dropped``.

        Raises:
            Exception: The SDK, or a package beside it, does not take the options.
        """
        self._count = count
        self._counted = {"exported": 0, "dropped": 0}
        ExporterMessages.install()
        self._propagator = CompositePropagator([load_component(PROPAGATORS, each)() for each in options.propagators])
        self._provider = TracerProvider(
            sampler=_sampler(options),
            resource=_resource(service),
            shutdown_on_exit=False,
            id_generator=_SampledIds(load_component(ID_GENERATORS, options.id_generator)(), sampler.below),
            **_load_configurator(options),
        )
        self._exporters = [
            CountedExporter(_exporter(name, options), options.collector, options.queue_max)
            for name in options.exporters
        ]
        for exporter in self._exporters:
            self._provider.add_span_processor(CountingProcessor(exporter, options))
        self._tracer = self._provider.get_tracer("naftiko_runtime", __version__, _SCHEMA)
        self.fields = frozenset(field.lower().encode() for field in self._propagator.fields)

    def start(
        self, name: str, kind: Kind, attributes: Attributes, start_ns: int, parent: Span | Sequence[Header]
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
        """The trace that headers name, W3C's only if they are valid."""
        carrier = [pair for pair in headers if pair[0] not in (TRACEPARENT, TRACESTATE)] + valid_headers(headers)
        return self._propagator.extract(carrier, Context(), _HEADERS_GETTER)

    def inject(self, context: Context, headers: Sequence[Header]) -> list[Header]:
        """Headers with the trace of a context, and no other."""
        kept = [pair for pair in headers if pair[0] not in self.fields]
        self._propagator.inject(kept, context, _HEADERS_SETTER)
        return kept

    def count(self) -> None:
        """Count what became of spans since the last time; to be called every second or so."""
        for exporter in self._exporters:
            exporter.look()
        now = {outcome: sum(getattr(each, outcome) for each in self._exporters) for outcome in self._counted}
        for outcome, total in now.items():
            self._count(outcome, total - self._counted[outcome])
        self._counted = now

    async def close(self) -> None:
        """Send what waits, as far as a short time allows."""
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
        """In hexadecimal digits."""
        return format_trace_id(self._span.get_span_context().trace_id)

    @property
    def span_id(self) -> str:
        """In hexadecimal digits."""
        return format_span_id(self._span.get_span_context().span_id)

    @property
    def recorded(self) -> bool:
        """Whether anything of it is kept."""
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
    """Gives traces that begin here identifiers that the sampler takes: whether it takes one was decided before."""

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
    """A component by its entry point, of which the options made sure."""
    return next(iter(entry_points(group=group, name=name))).load()


def _sampler(options: TraceOptions) -> SdkSampler:
    argument = options.ratio if options.sampler in RATIO_SAMPLERS else options.sampler_argument
    sampler: SdkSampler = load_component(SAMPLERS, options.sampler)(argument)
    return sampler


def _load_configurator(options: TraceOptions) -> dict[str, Any]:
    """Return the arguments of the provider for the operator's configurator; the SDK calls the parameter private."""
    name = options.tracer_configurator
    return {"_tracer_configurator": load_component(TRACER_CONFIGURATORS, name)} if name else {}


def _exporter(name: str, options: TraceOptions) -> Any:
    exporter = load_component(EXPORTERS, name)
    return exporter(endpoint=options.endpoint) if name == HTTP_EXPORTER else exporter()


def _resource(service: str) -> Resource:
    """Who we are, by the conventions; what the operator says counts more."""
    said = Resource.create()
    own: dict[str, str | int] = {
        "service.version": __version__,
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        "process.pid": os.getpid(),
    }
    named = not str(said.attributes.get("service.name", _UNNAMED_SERVICE)).startswith(_UNNAMED_SERVICE)
    return Resource(own).merge(said) if named else Resource(own).merge(said).merge(Resource({"service.name": service}))
