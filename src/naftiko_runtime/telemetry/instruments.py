"""What requests are counted under and recorded as, and who does both in a process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from naftiko_runtime.errors import BindError
from naftiko_runtime.telemetry.metrics import SPANS, Meter
from naftiko_runtime.telemetry.sampling import Sampler
from naftiko_runtime.telemetry.span_attributes import METHODS, OTHER_METHOD, AttributeBuilder
from naftiko_runtime.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from naftiko_runtime.telemetry.metrics import Family
    from naftiko_runtime.telemetry.otel import OtelTracing
    from naftiko_runtime.telemetry.trace_options import TraceOptions
    from naftiko_runtime.telemetry.tracing import Attributes, Kind

Outcome: TypeAlias = int | str
"""A status, or in one word why there is none."""

Key = TypeVar("Key")
Content = TypeVar("Content")


class LazyDict(dict[Key, Content]):
    """A dictionary that makes what it lacks, and keeps it."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Key], Content]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Content:
        content = self[key] = self._make(key)
        return content


class Child:
    """Where requests of one instrument, method and outcome are counted, and what their spans have in common.

    Attributes:
        observe: Counts a request that took so many nanoseconds.
        span_name: Of their spans.
        attributes: Of their spans; those of a failure have ``error.type``.
    """

    __slots__ = ("attributes", "observe", "span_name")

    def __init__(self, observe: Callable[[int], None], span_name: str, attributes: Attributes) -> None:
        self.observe = observe
        self.span_name = span_name
        self.attributes = attributes


class Instrument(dict[str, LazyDict[Outcome, Child]]):
    """What requests are counted under: a route, a tool, an upstream's operation.

    Use it as ``instrument[method][outcome]``, which costs a request the least. Both are made when they are first asked
    for. The method is HTTP's, and empty where requests have none. The outcome is a status, or a word for a
    failure without one, and empty for a success without one.
    """

    __slots__ = ("_attributes", "_family", "_kind", "_meter", "_target")

    def __init__(
        self,
        family: Family,
        kind: Kind,
        target: str,
        attributes: Attributes,
        meter: Meter | None,
    ) -> None:
        super().__init__()
        self._family = family
        self._kind = kind
        self._target = target
        self._attributes = attributes
        self._meter = meter

    def __missing__(self, method: str) -> LazyDict[Outcome, Child]:
        known = method if method in METHODS or not method else OTHER_METHOD  # callers may invent others, without end
        if known not in self:
            self[known] = LazyDict(partial(self._make_child, known))
        return self[known]

    def _make_child(self, method: str, outcome: Outcome) -> Child:
        attributes = dict(self._attributes)
        if method:
            attributes["http.request.method"] = method
        if isinstance(outcome, int):
            attributes["http.response.status_code"] = outcome
            failed = outcome >= (500 if self._kind == "server" else 400)
        else:
            failed = bool(outcome)
        if failed:
            attributes["error.type"] = str(outcome)
        name = f"{'HTTP' if method == OTHER_METHOD else method} {self._target}".strip()
        if self._meter is None:
            return Child(_uncounted, name, attributes)
        labels = {name.replace(".", "_"): str(value) for name, value in attributes.items()}
        return Child(self._meter.histogram(self._family, **labels).observe, name, attributes)


class Observer:
    """What a process counts and records of its requests; it has a meter, a tracer, or both.

    Attributes:
        meter: Counts; none where nobody asks.
        tracer: Records; none where no traces are wanted.
    """

    def __init__(self, meter: Meter | None, options: TraceOptions | None, service: str) -> None:
        """Begin; to be called in a running loop, by the process that serves.

        Args:
            meter: Counts.
            options: Where spans go; none for nowhere.
            service: What this program is called unless the options say.

        Raises:
            BindError: The options cannot be followed.
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
        """Look at the clock, and count what became of spans; to be called every second or so."""
        if self.tracer is not None:
            self.tracer.set_clock()
        if self._tracing is not None:
            self._tracing.count()

    async def close(self) -> None:
        """Send what is not sent yet."""
        if self._tracing is not None:
            await self._tracing.close()

    def learn_secrets(self, secrets: Iterable[str]) -> None:
        """Show these values in no span from now on."""
        if self.tracer is not None:
            self._attributes.learn(secrets)

    def mask(self, text: str) -> str:
        """A text for a span, without any secret."""
        return self._attributes.mask(text)

    def instrument(self, family: Family, kind: Kind, target: str, attributes: Attributes) -> Instrument:
        """What requests can be counted under.

        Args:
            family: Of the metric.
            kind: Which side of a request we are.
            target: What a span is called by, after its method.
            attributes: Of every span; labels of the metric, too.
        """
        return Instrument(family, kind, target, attributes, self.meter)

    def _count_spans(self) -> Callable[[str, int], None]:
        meter = self.meter
        if meter is None:
            return lambda _outcome, _count: None
        numbers = {outcome: meter.number(SPANS, outcome=outcome) for outcome in ("exported", "dropped")}
        return lambda outcome, count: numbers[outcome].add(count)


def _open_tracing(
    options: TraceOptions, sampler: Sampler, service: str, count: Callable[[str, int], None]
) -> OtelTracing:
    try:
        from naftiko_runtime.telemetry.otel import OtelTracing  # noqa: PLC0415 - the extra, when it is needed

        return OtelTracing(options, sampler, service, count)
    except Exception as error:  # whatever the SDK, and packages beside it, make of the operator's variables
        raise BindError((f"traces: {error}",)) from error


def _uncounted(_nanoseconds: int) -> None:
    """Where nothing is counted."""
