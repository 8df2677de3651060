"""What is counted, by the names of OpenTelemetry's conventions as Prometheus spells them."""

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
"""Upper bounds of a histogram's buckets: those of the conventions, and two below, for upstreams that are near."""


SECONDS_NUMBERS: Final = len(SECONDS) + 2
"""What a histogram consists of: its buckets, the one above them, and the sum."""


class Family(Struct, frozen=True):
    """Series of one name.

    Attributes:
        name: As Prometheus has it, with the unit.
        kind: What the numbers are.
        about: One sentence for people.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str

    @property
    def numbers(self) -> int:
        """How many a series has."""
        return SECONDS_NUMBERS if self.kind == "histogram" else 1


SERVED: Final = Family("http_server_request_duration_seconds", "histogram", "Requests, to their answer's last byte.")
ACTIVE: Final = Family("http_server_active_requests", "gauge", "Requests in progress.")
CALLED: Final = Family("mcp_server_operation_duration_seconds", "histogram", "Tool calls over MCP.")
MCP_MESSAGES: Final = Family("naftiko_mcp_messages_total", "counter", "MCP messages by the path that answered them.")
UPSTREAM: Final = Family(
    "http_client_request_duration_seconds", "histogram", "Calls of upstreams, to the answer's head."
)
CONNECTIONS: Final = Family("naftiko_connections", "gauge", "Open connections of callers.")
CPU: Final = Family("process_cpu_seconds_total", "counter", "CPU time in user and system mode.")
MEMORY: Final = Family("process_resident_memory_bytes", "gauge", "Resident memory.")
STARTED: Final = Family("process_start_time_seconds", "gauge", "When the process started, since the epoch.")
REFUSED: Final = Family("naftiko_refused_requests_total", "counter", "Requests refused before they were routed.")
WORKERS: Final = Family(
    "naftiko_worker_starts_total", "counter", "Workers started, those that replace others included."
)
RELOADS: Final = Family("naftiko_reloads_total", "counter", "Readings of the documents while they were served.")
SPANS: Final = Family("naftiko_spans_total", "counter", "Spans by what became of them.")
LOG_DROPPED: Final = Family(
    "naftiko_log_records_dropped_total", "counter", "Log records dropped because standard error was not read."
)
LOST: Final = Family("naftiko_series_lost_total", "counter", "Series that were not kept because there were too many.")

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


class Number:
    """A counter's or a gauge's value."""

    __slots__ = ("_at", "_numbers")

    def __init__(self, numbers: memoryview[float], at: int) -> None:
        self._numbers = numbers
        self._at = at

    def add(self, amount: float = 1) -> None:
        """Let it be more, or less."""
        self._numbers[self._at] += amount

    def set(self, value: float) -> None:
        """Let it be this."""
        self._numbers[self._at] = value


class Histogram:
    """How many durations fell into each bucket, and their sum.

    A request only adds its own to a list; every second or so they are sorted into their buckets, all at once, and
    written down where others read them. That takes a fifth of what it would take one by one.
    """

    __slots__ = ("_new", "_numbers", "_place", "observe")

    def __init__(self, numbers: memoryview[float], first: int) -> None:
        self._numbers = numbers
        self._place = slice(first, first + SECONDS_NUMBERS)
        self._new: list[float] = []
        self.observe: Callable[[float], None] = self._new.append
        """Counts a duration in seconds."""

    def write(self) -> None:
        """Write down what has been counted since the last time."""
        if not (new := self._new):
            return
        *buckets, total = self._numbers[self._place]
        new.sort()
        below = [bisect_right(new, bound) for bound in SECONDS]
        counts = map(sub, [*below, len(new)], [0, *below])
        told = array("d", [*map(add, buckets, counts), total + sum(new)])
        self._numbers[self._place] = memoryview(told)
        new.clear()


class Meter:
    """Makes the series of one process; the same labels give the same series, also after a reload."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._histograms: dict[str, Histogram] = {}
        for key, at in region.offsets().items():  # of a predecessor: what it counted stays, what it was is over
            if family_of(key)[0].kind == "gauge":
                region.numbers[at] = 0.0
        self._told_of_loss = False
        self._lost = self.number(LOST)

    def number(self, family: Family, **labels: str) -> Number:
        """A counter or a gauge."""
        return Number(*self._series(family, labels))

    def histogram(self, family: Family, **labels: str) -> Histogram:
        """A histogram."""
        key = _key(family, labels)
        if key not in self._histograms:
            self._histograms[key] = Histogram(*self._series(family, labels))
        return self._histograms[key]

    def write(self) -> None:
        """Write down what was counted; to be called every second or so, before others read it, and at the end."""
        for histogram in self._histograms.values():
            histogram.write()

    def _series(self, family: Family, labels: dict[str, str]) -> tuple[memoryview[float], int]:
        """Where its numbers are; when there is no room, where nobody reads them, which is counted and told once."""
        try:
            return self._region.numbers, self._region.offset(_key(family, labels), family.numbers)
        except FullError:
            self._lost.add()
            if not self._told_of_loss:
                self._told_of_loss = True
                log.warning("too many metrics: some series are not kept", extra={"metric": family.name})
            return memoryview(bytearray(8 * family.numbers)).cast("d"), 0


def _key(family: Family, labels: dict[str, str]) -> str:
    told = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))
    return f"{family.name}{_SEPARATOR}{told}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def family_of(key: str) -> tuple[Family, str]:
    """The family of an entry, and its labels as Prometheus writes them."""
    name, _, labels = key.partition(_SEPARATOR)
    return FAMILIES[name], labels
