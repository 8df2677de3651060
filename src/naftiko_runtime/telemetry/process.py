"""How a process is: its CPU time and memory, told every second by itself, for others cannot always look."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from naftiko_runtime.telemetry.log_writer import installed_writers
from naftiko_runtime.telemetry.metrics import CPU, LOG_DROPPED, MEMORY, STARTED

if TYPE_CHECKING:
    from naftiko_runtime.telemetry.metrics import Meter

_STATM: Final = Path("/proc/self/statm")
"""Linux alone has it: the second number is the resident pages."""


class ProcessMetrics:
    """Writes down the figures of this process."""

    def __init__(self, meter: Meter, worker: int) -> None:
        self._meter = meter
        label = str(worker)
        self._cpu = meter.number(CPU, worker=label)
        self._memory = meter.number(MEMORY, worker=label) if _STATM.exists() else None
        self._dropped = meter.number(LOG_DROPPED, worker=label)
        meter.number(STARTED, worker=label).set(time.time())
        self._page_bytes = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
        self.update()

    def update(self) -> None:
        """Write down how it is now, and what it has counted."""
        self._meter.write()
        self._cpu.set(time.process_time())
        self._dropped.set(sum(writer.dropped for writer in installed_writers()))
        if self._memory is not None:
            self._memory.set(int(_STATM.read_bytes().split()[1]) * self._page_bytes)
