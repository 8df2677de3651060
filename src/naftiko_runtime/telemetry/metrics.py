"""Counters, gauges and histograms, with the names of OpenTelemetry's conventions as Prometheus spells them."""

from __future__ import annotations

import logging
from array import array
from bisect import bisect_right
from operator import add, sub
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from naftiko_runtime.telemetry.shared_metrics import FullError

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.telemetry.shared_metrics import Region

log = logging.getLogger(__name__)

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of a histogram's buckets: those of the conventions, and two below for near upstreams."""


SECONDS_NUMBERS: Final = len(SECONDS) + 2
"""How many numbers a histogram has: its buckets, the one above them, and the sum."""


class Family(Struct, frozen=True):
    """A metric: series of one name.

    Attributes:
        name: The name for Prometheus, with the unit.
        kind: The type of the metric.
        about: The help text.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str

    @property
    def numbers(self) -> int:
        """How many numbers a series has."""
        return SECONDS_NUMBERS if self.kind == "histogram" else 1


SERVED: Final = Family(
    "http_server_request_duration_seconds", "histogram", "Duration of requests, to the last byte of the response."
)
ACTIVE: Final = Family("http_server_active_requests", "gauge", "Requests in progress.")
CALLED: Final = Family("mcp_server_operation_duration_seconds", "histogram", "Duration of tool calls over MCP.")
MCP_MESSAGES: Final = Family("naftiko_mcp_messages_total", "counter", "MCP messages by the path that handled them.")
UPSTREAM: Final = Family(
    "http_client_request_duration_seconds", "histogram", "Duration of calls of upstreams, to the head of the response."
)
CONNECTIONS: Final = Family("naftiko_connections", "gauge", "Open connections of callers.")
CPU: Final = Family("process_cpu_seconds_total", "counter", "CPU time in user and system mode.")
MEMORY: Final = Family("process_resident_memory_bytes", "gauge", "Resident memory.")
STARTED: Final = Family("process_start_time_seconds", "gauge", "When the process started, since the epoch.")
REFUSED: Final = Family("naftiko_refused_requests_total", "counter", "Requests rejected before they were routed.")
WORKERS: Final = Family("naftiko_worker_starts_total", "counter", "Workers started, including replacements.")
RELOADS: Final = Family("naftiko_reloads_total", "counter", "Reloads by outcome.")
SPANS: Final = Family("naftiko_spans_total", "counter", "Spans by outcome: exported or dropped.")
LOG_DROPPED: Final = Family(
    "naftiko_log_records_dropped_total", "counter", "Log records dropped because standard error was not read."
)
LOST: Final = Family("naftiko_series_lost_total", "counter", "Series that were dropped because there were too many.")

FAMILIES: Final = {
    family.name: family
    for family in (
        SERVED,
        ACTIVE,
        CALLED,
        MCP_MESSAGES,
        UPSTREAM,
        CONNECTIONS,
        CPU,
        MEMORY,
        STARTED,
        REFUSED,
        WORKERS,
        RELOADS,
        SPANS,
        LOG_DROPPED,
        LOST,
    )
}
_SEPARATOR: Final = "\0"


class MetricValue:
    """The value of a counter or a gauge."""

    __slots__ = ("_at", "_numbers")

    def __init__(self, numbers: memoryview[float], at: int) -> None:
        self._numbers = numbers
        self._at = at

    def add(self, amount: float = 1) -> None:
        """Add an amount, which may be negative."""
        self._numbers[self._at] += amount

    def set(self, value: float) -> None:
        """Set the value."""
        self._numbers[self._at] = value


class Histogram:
    """The number of durations in each bucket, and their sum.

    A request only appends its duration to a list. About once a second, the list is sorted into the buckets in shared
    memory. That takes a fifth of the time of counting one by one.
    """

    __slots__ = ("_new", "_numbers", "_slice", "observe")

    def __init__(self, numbers: memoryview[float], first: int) -> None:
        self._numbers = numbers
        self._slice = slice(first, first + SECONDS_NUMBERS)
        self._new: list[float] = []
        self.observe: Callable[[float], None] = self._new.append
        """Counts a duration in seconds."""

    def write(self) -> None:
        """Write the durations since the last call to shared memory."""
        if not (new := self._new):
            return
        *buckets, total = self._numbers[self._slice]
        new.sort()
        below = [bisect_right(new, bound) for bound in SECONDS]
        counts = map(sub, [*below, len(new)], [0, *below])
        updated = array("d", [*map(add, buckets, counts), total + sum(new)])
        self._numbers[self._slice] = memoryview(updated)
        new.clear()


class Meter:
    """Creates the series of one process. The same labels give the same series, also after a reload."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._histograms: dict[str, Histogram] = {}
        for key, at in region.list_offsets().items():  # of a replaced worker: its counts stay, its gauges do not
            if parse_key(key)[0].kind == "gauge":
                region.numbers[at] = 0.0
        self._loss_logged = False
        self._lost = self.get_number(LOST)

    def get_number(self, family: Family, **labels: str) -> MetricValue:
        """Return a counter or a gauge; it is created on the first call."""
        return MetricValue(*self._find_series(family, labels))

    def get_histogram(self, family: Family, **labels: str) -> Histogram:
        """Return a histogram; it is created on the first call."""
        key = _make_key(family, labels)
        if key not in self._histograms:
            self._histograms[key] = Histogram(*self._find_series(family, labels))
        return self._histograms[key]

    def write(self) -> None:
        """Write all histograms to shared memory. Call this about once a second, before a read, and at the end."""
        for histogram in self._histograms.values():
            histogram.write()

    def _find_series(self, family: Family, labels: dict[str, str]) -> tuple[memoryview[float], int]:
        """Return where the numbers of a series are: in private memory, which is logged once, if there is no room."""
        try:
            return self._region.numbers, self._region.reserve(_make_key(family, labels), family.numbers)
        except FullError:
            self._lost.add()
            if not self._loss_logged:
                self._loss_logged = True
                log.warning("too many metrics: some series are not kept", extra={"metric": family.name})
            return memoryview(bytearray(8 * family.numbers)).cast("d"), 0


def _make_key(family: Family, labels: dict[str, str]) -> str:
    joined = ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(labels.items()))
    return f"{family.name}{_SEPARATOR}{joined}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def parse_key(key: str) -> tuple[Family, str]:
    """Return the family of an entry, and its labels as Prometheus writes them."""
    name, _, labels = key.partition(_SEPARATOR)
    return FAMILIES[name], labels
