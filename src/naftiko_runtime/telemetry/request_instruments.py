"""Instruments: they count requests, and hold what the spans of equal requests have in common."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from naftiko_runtime.telemetry.span_attributes import METHODS, OTHER_METHOD

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.telemetry.metrics import Family, Meter
    from naftiko_runtime.telemetry.span_attributes import Attributes, SpanSide

Outcome: TypeAlias = int | str
"""The status of a response. Without one: why there is none, in one word; empty for success."""
_NO_DURATIONS: Final[deque[float]] = deque(maxlen=0)
"""Keeps nothing, at the cost of a call of C code."""


class RequestSeries:
    """Counts the requests of one instrument, method and outcome.

    Attributes:
        observe: Counts a request by its duration in seconds.
        span_name: The name of their spans.
        attributes: The attributes of their spans; those of failures include ``error.type``.
    """

    __slots__ = ("attributes", "observe", "span_name")

    def __init__(self, observe: Callable[[float], None], span_name: str, attributes: Attributes) -> None:
        self.observe = observe
        self.span_name = span_name
        self.attributes = attributes


class Instrument:
    """Counts the requests to one target: a route, a tool, an operation of an upstream.

    Attributes:
        series: What counts them, by method and outcome, as far as there were any. Where each instruction of a request
            matters, look here first, and call :meth:`get_series` for what is missing.
    """

    __slots__ = ("_attributes", "_family", "_kind", "_meter", "_target", "series")

    def __init__(
        self, family: Family, kind: SpanSide, target: str, attributes: Attributes, meter: Meter | None
    ) -> None:
        """Prepare the instrument.

        Args:
            family: The metric.
            kind: The side of the request: server or client.
            target: The name of a span, after its method.
            attributes: The attributes of every span, which are also labels of the metric.
            meter: Creates the series. None if nothing is counted.
        """
        self._family = family
        self._kind = kind
        self._target = target
        self._attributes = attributes
        self._meter = meter
        self.series: dict[str, dict[Outcome, RequestSeries]] = {}

    def get_series(self, method: str, outcome: Outcome) -> RequestSeries:
        """Return the series for a method and an outcome.

        Args:
            method: The HTTP method. Empty if requests have none.
            outcome: The outcome of the request.
        """
        known = method if method in METHODS or not method else OTHER_METHOD  # callers may invent any number
        series = self.series.setdefault(known, {})
        if outcome not in series:
            series[outcome] = self._make_series(known, outcome)
        return series[outcome]

    def _make_series(self, method: str, outcome: Outcome) -> RequestSeries:
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
            return RequestSeries(_NO_DURATIONS.append, name, attributes)
        labels = {name.replace(".", "_"): str(value) for name, value in attributes.items()}
        return RequestSeries(self._meter.get_histogram(self._family, **labels).observe, name, attributes)
