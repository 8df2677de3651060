"""What a process counts and records, from its first request to its last span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.telemetry.instruments import Observer
from naftiko_runtime.telemetry.metrics import RELOADS, WORKERS, Meter
from naftiko_runtime.telemetry.process import ProcessMetrics
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.shared_metrics import SharedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.server.settings import Job, ServerSettings

_PARENT: Final = 0


class Books:
    """The metrics of all processes of a program; to be made before there are any but this one.

    There are none unless somebody can ask for them.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._store = SharedStore(settings.workers + 1) if settings.control is not None else None

    def meter(self, worker: int) -> Meter | None:
        """What a worker counts by, from 1; to be asked for in its process."""
        return None if self._store is None else Meter(self._store.region(worker))

    def parent(self) -> Meter | None:
        """What is counted by who starts the workers, or is the only one."""
        return self.meter(_PARENT)

    def told(self) -> bytes:
        """All metrics of all processes, in Prometheus's text format."""
        return b"" if self._store is None else render_metrics(self._store.entries())


class Account:
    """What one process that serves counts and records; to be made in its running loop.

    Attributes:
        meter: Counts; none where nobody asks.
        observer: Who is told of requests; none where nobody asks.
    """

    def __init__(self, books: Books, worker: int, settings: ServerSettings, jobs: Sequence[Job]) -> None:
        """Begin.

        Raises:
            BindError: Spans cannot be sent as the operator wants it.
        """
        self.meter = books.meter(worker)
        self._process = None if self.meter is None else ProcessMetrics(self.meter, worker)
        self._books = books
        wanted = self.meter is not None or settings.traces is not None
        self.observer = Observer(self.meter, settings.traces, _service(jobs)) if wanted else None

    def tell(self) -> None:
        """Write down how the process is; to be called every second or so."""
        if self._process is not None:
            self._process.update()
        if self.observer is not None:
            self.observer.tick()

    def told(self) -> bytes:
        """All metrics of all processes; this one's as they are now."""
        self.tell()
        return self._books.told()

    async def close(self) -> None:
        """Write down and send what is not yet."""
        if self.observer is not None:
            await self.observer.close()
        self.tell()


def reload_counter(meter: Meter | None) -> Callable[[str], None]:
    """Counts readings of the documents by what came of them: ``reloaded`` or ``failed``."""
    if meter is None:
        return lambda _outcome: None
    numbers = {outcome: meter.number(RELOADS, outcome=outcome) for outcome in ("reloaded", "failed")}
    return lambda outcome: numbers[outcome].add()


def start_counter(meter: Meter | None) -> Callable[[], None]:
    """Counts workers that were started."""
    return (lambda: None) if meter is None else meter.number(WORKERS).add


def _service(jobs: Sequence[Job]) -> str:
    return "+".join(dict.fromkeys(job.plan.label for job in jobs))
