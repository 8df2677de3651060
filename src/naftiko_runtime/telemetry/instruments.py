"""One request seen from outside: what it is counted under, what came of it, how long it took."""

from __future__ import annotations

import os
import socket
from functools import partial
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from msgspec import Struct

from naftiko_runtime._version import __version__
from naftiko_runtime.telemetry.context import CURRENT, Sampler, identifiers
from naftiko_runtime.telemetry.exporter import Exporter
from naftiko_runtime.telemetry.metrics import SPANS, Meter
from naftiko_runtime.telemetry.otlp import Batches, Template
from naftiko_runtime.telemetry.trace_headers import caller_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.telemetry.metrics import Family
    from naftiko_runtime.telemetry.options import TraceOptions
    from naftiko_runtime.telemetry.otlp import Kind, Value
    from naftiko_runtime.telemetry.trace_headers import Caller
    from naftiko_runtime.transport.base import Header

Outcome: TypeAlias = int | str
"""A status, or in one word why there is none."""

_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_OTHER: Final = "_OTHER"
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
    """Where requests of one instrument, method and outcome are counted, and the span that tells of one."""

    __slots__ = ("observe", "template")

    def __init__(self, observe: Callable[[int], None], template: Template | None) -> None:
        self.observe = observe
        """Counts a request that took so many nanoseconds."""
        self.template = template


class Instrument(dict[str, LazyDict[Outcome, Child]]):
    """What requests are counted under: a route, a tool, an upstream's operation.

    Use it as ``instrument[method][outcome]``, which costs a request the least. Both are made when they are first asked
    for. The method is HTTP's, and empty where requests have none. The outcome is a status, or a word for a
    failure without one, and empty for a success without one.
    """

    __slots__ = ("_attributes", "_family", "_kind", "_meter", "_target", "_traced")

    def __init__(
        self,
        family: Family,
        kind: Kind,
        target: str,
        attributes: Mapping[str, Value],
        *,
        meter: Meter | None,
        traced: bool,
    ) -> None:
        super().__init__()
        self._family = family
        self._kind = kind
        self._target = target
        self._attributes = attributes
        self._meter = meter
        self._traced = traced

    def __missing__(self, method: str) -> LazyDict[Outcome, Child]:
        known = method if method in _METHODS or not method else _OTHER  # callers may invent others, without end
        if known not in self:
            self[known] = LazyDict(partial(self._made, known))
        return self[known]

    def _made(self, method: str, outcome: Outcome) -> Child:
        told = dict(self._attributes)
        if method:
            told["http.request.method"] = method
        if isinstance(outcome, int):
            told["http.response.status_code"] = outcome
            failed = outcome >= (500 if self._kind == "server" else 400)
        else:
            failed = bool(outcome)
        if failed:
            told["error.type"] = str(outcome)
        labels = {name.replace(".", "_"): str(value) for name, value in told.items()}
        name = f"{'HTTP' if method == _OTHER else method} {self._target}".strip()
        return Child(
            _uncounted if self._meter is None else self._meter.histogram(self._family, **labels).observe,
            Template(name, self._kind, told, failed=failed) if self._traced else None,
        )


class Observation(Struct):
    """A caller's request that is part of a trace.

    Attributes:
        caller: The trace that it came with.
        trace_id: Of the trace that it is recorded in.
        span_id: Its own there; empty when it is not recorded.
        named: Whether it came with headers of a trace, be they sound or not.
        tool: The tool that it calls and what came of that, which name its span better than an MCP server's path does.
    """

    caller: Caller | None
    trace_id: bytes
    span_id: bytes
    named: bool
    tool: tuple[Instrument, str] | None = None


class Tracer:
    """Records requests as spans. All times come from one clock that only goes forward, and are told in the world's."""

    def __init__(self, exporter: Exporter, sampler: Sampler) -> None:
        self._add = exporter.add
        self._sampler = sampler
        self._epoch_ns = 0
        self.sampling_decisions = sampler.sampling_decisions
        """Whether a request that is part of no trace is recorded; one is to be drawn for each that names none."""
        self.identifiers = identifiers(8)
        """Of new spans."""
        self.set_clock()

    def set_clock(self) -> None:
        """Look at the world's clock; to be called every second or so, since it may be set."""
        self._epoch_ns = time_ns() - perf_counter_ns()

    def begin(self, headers: Sequence[Header] = ()) -> Observation | None:
        """Begin to record a request; to be called in its task.

        Args:
            headers: The request's, if one of a trace is among them, sound or not; otherwise its lot says that it is
                recorded.

        Returns:
            Nothing when there is nothing to do for it: neither is it recorded, nor must upstreams be told so.
        """
        caller = caller_of(headers) if headers else None
        if caller is not None:
            trace_id, taken = caller.trace_id, self._sampler.takes(caller)
            if not taken and not caller.sampled:
                return None
        elif headers and not next(self.sampling_decisions):
            return None
        else:
            trace_id, taken = self._sampler.root(), True
        observation = Observation(caller, trace_id, next(self.identifiers) if taken else b"", bool(headers))
        CURRENT.set(observation)
        return observation

    def adopt(self, of: Observation, headers: Sequence[Header]) -> None:
        """Let a request that is recorded be part of a trace that its body names."""
        caller = caller_of(headers)
        if caller is not None and of.caller is None and of.span_id:
            of.caller, of.trace_id = caller, caller.trace_id
            if not self._sampler.takes(caller):
                of.span_id = b""

    def end(self, of: Observation, series: Child, began_ns: int, took_ns: int) -> None:
        """Record a request; to be called if it has a span."""
        if of.tool is not None:
            instrument, outcome = of.tool
            series = instrument[""][outcome]
        if (template := series.template) is not None:
            caller, start = of.caller, began_ns + self._epoch_ns
            parent, state = (b"", b"") if caller is None else (caller.span_id, caller.state)
            self._add(template.filled(of.trace_id, of.span_id, parent, start, start + took_ns, state))

    def end_call(self, of: Observation, span_id: bytes, series: Child, began_ns: int, took_ns: int) -> None:
        """Record a call of an upstream that a recorded request made."""
        if (template := series.template) is not None:
            start = began_ns + self._epoch_ns
            state = b"" if of.caller is None else of.caller.state
            self._add(template.filled(of.trace_id, span_id, of.span_id, start, start + took_ns, state))


class Observer:
    """What a process has to tell of its requests; it has a meter, a tracer, or both."""

    def __init__(self, meter: Meter | None, options: TraceOptions | None, service: str) -> None:
        """Begin; to be called in a running loop.

        Args:
            meter: Counts.
            options: Where spans go; none for nowhere.
            service: What this program is called unless the options say.

        Raises:
            BindError: The options cannot be heeded.
        """
        self.meter = meter
        self._exporter: Exporter | None = None
        self.tracer: Tracer | None = None
        if options is not None:
            self._exporter = Exporter(options, Batches(_resource(options, service)), self._spans())
            self.tracer = Tracer(self._exporter, Sampler(options.sampler, options.ratio))

    def tick(self) -> None:
        """Look at the clock; to be called every second or so."""
        if self.tracer is not None:
            self.tracer.set_clock()

    async def close(self) -> None:
        """Send what is not sent yet."""
        if self._exporter is not None:
            await self._exporter.close()

    def instrument(self, family: Family, kind: Kind, target: str, attributes: Mapping[str, Value]) -> Instrument:
        """What requests can be counted under.

        Args:
            family: Of the metric.
            kind: Which side of a request we are.
            target: What a span is called by, after its method.
            attributes: Of every span; labels of the metric, too.
        """
        return Instrument(family, kind, target, attributes, meter=self.meter, traced=self.tracer is not None)

    def _spans(self) -> Callable[[str, int], None]:
        meter = self.meter
        if meter is None:
            return lambda _outcome, _count: None
        numbers = {outcome: meter.number(SPANS, outcome=outcome) for outcome in ("exported", "dropped", "rejected")}
        return lambda outcome, count: numbers[outcome].add(count)


def _uncounted(_nanoseconds: int) -> None:
    """Where nothing is counted."""


def _resource(options: TraceOptions, service: str) -> dict[str, Value]:
    """Who we are, by the conventions; what the operator says counts more."""
    return {
        "service.name": service,
        "service.version": __version__,
        "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
        "process.pid": os.getpid(),
        "telemetry.sdk.name": "naftiko-runtime",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": __version__,
        **options.resource,
    }
