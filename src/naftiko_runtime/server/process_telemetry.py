"""The metrics and spans of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.telemetry.meter_and_tracer import Observer
from naftiko_runtime.telemetry.process import ProcessMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.program_metrics import ProgramMetrics
    from naftiko_runtime.server.settings import ServerSettings


class ProcessTelemetry:
    """The metrics and spans of one process that serves; create it in its running loop.

    Attributes:
        meter: Counts; None without a control port.
        observer: Observes requests; None without a control port and without traces.
    """

    def __init__(
        self, metrics: ProgramMetrics, worker: int, settings: ServerSettings, capabilities: Sequence[ServedCapability]
    ) -> None:
        """Start.

        Raises:
            BindError: The options for traces are invalid.
        """
        self.meter = metrics.open_meter(worker)
        self._process = None if self.meter is None else ProcessMetrics(self.meter, worker)
        self._metrics = metrics
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
        return self._metrics.render()

    async def close(self) -> None:
        """Record the last values, and send the remaining spans."""
        if self.observer is not None:
            await self.observer.close()
        self.update()


def _get_service_name(capabilities: Sequence[ServedCapability]) -> str:
    return "+".join(dict.fromkeys(one.plan.label for one in capabilities))
