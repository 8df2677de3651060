"""Metrics of all processes, and the telemetry of each one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.telemetry.metrics import RELOADS, WORKERS, Meter
from naftiko_runtime.telemetry.process import ProcessMetrics
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.request_observer import Observer
from naftiko_runtime.telemetry.shared_metrics import SharedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.settings import ServerSettings

_PARENT: Final = 0


class MetricsHub:
    """The metrics of all processes of a program; create it before there are other processes.

    Nothing is counted unless there is a control port to ask for metrics.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._store = SharedStore(settings.workers + 1) if settings.control is not None else None

    def open_meter(self, worker: int) -> Meter | None:
        """Return the meter of a worker, from 1; call it in the worker's process."""
        return None if self._store is None else Meter(self._store.get_region(worker))

    def open_parent_meter(self) -> Meter | None:
        """Return the meter of the supervisor, or of the only process."""
        return self.open_meter(_PARENT)

    def render(self) -> bytes:
        """Render the metrics of all processes in Prometheus's text format."""
        return b"" if self._store is None else render_metrics(self._store.read_entries())


class ProcessTelemetry:
    """The metrics and spans of one process that serves; create it in its running loop.

    Attributes:
        meter: Counts; None without a control port.
        observer: Observes requests; None without a control port and without traces.
    """

    def __init__(
        self, hub: MetricsHub, worker: int, settings: ServerSettings, capabilities: Sequence[ServedCapability]
    ) -> None:
        """Start.

        Raises:
            BindError: The options for traces are invalid.
        """
        self.meter = hub.open_meter(worker)
        self._process = None if self.meter is None else ProcessMetrics(self.meter, worker)
        self._hub = hub
        wanted = self.meter is not None or settings.traces is not None
        self.observer = Observer(self.meter, settings.traces, _get_service_name(capabilities)) if wanted else None

    def update(self) -> None:
        """Record CPU time and memory. Call this about once a second."""
        if self._process is not None:
            self._process.update()
        if self.observer is not None:
            self.observer.tick()

    def render(self) -> bytes:
        """Render the metrics of all processes, with the current values of this one."""
        self.update()
        return self._hub.render()

    async def close(self) -> None:
        """Record the last values, and send the remaining spans."""
        if self.observer is not None:
            await self.observer.close()
        self.update()


def make_reload_counter(meter: Meter | None) -> Callable[[str], None]:
    """Return a function that counts reloads by outcome: ``reloaded`` or ``failed``."""
    if meter is None:
        return lambda _outcome: None
    numbers = {outcome: meter.get_number(RELOADS, outcome=outcome) for outcome in ("reloaded", "failed")}
    return lambda outcome: numbers[outcome].add()


def make_start_counter(meter: Meter | None) -> Callable[[], None]:
    """Return a function that counts started workers."""
    return (lambda: None) if meter is None else meter.get_number(WORKERS).add


def _get_service_name(capabilities: Sequence[ServedCapability]) -> str:
    return "+".join(dict.fromkeys(one.plan.label for one in capabilities))
