"""Metrics of all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.telemetry.metrics import RELOADS, WORKERS, Meter
from naftiko_runtime.telemetry.prometheus import render_metrics
from naftiko_runtime.telemetry.shared_metrics import SharedStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.server.settings import ServerSettings

_PARENT: Final = 0


class ProgramMetrics:
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


def make_reload_counter(meter: Meter | None) -> Callable[[str], None]:
    """Return a function that counts reloads by outcome: ``reloaded`` or ``failed``."""
    if meter is None:
        return lambda _outcome: None
    numbers = {outcome: meter.get_number(RELOADS, outcome=outcome) for outcome in ("reloaded", "failed")}
    return lambda outcome: numbers[outcome].add()


def make_start_counter(meter: Meter | None) -> Callable[[], None]:
    """Return a function that counts started workers."""
    return (lambda: None) if meter is None else meter.get_number(WORKERS).add
