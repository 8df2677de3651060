"""CPU time and memory of a process, which it records itself once a second."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from naftiko_runtime.telemetry.log_writer import list_writers
from naftiko_runtime.telemetry.metrics import CPU, LOG_DROPPED, MEMORY, STARTED

if TYPE_CHECKING:
    from naftiko_runtime.telemetry.metrics import Meter

_STATM: Final = Path("/proc/self/statm")
"""Linux only: the second number is the resident pages."""


class ProcessMetrics:
    """Records the metrics of this process."""

    def __init__(self, meter: Meter, worker: int) -> None:
        self._meter = meter
        label = str(worker)
        self._cpu = meter.get_number(CPU, worker=label)
        self._memory = meter.get_number(MEMORY, worker=label) if _STATM.exists() else None
        self._dropped = meter.get_number(LOG_DROPPED, worker=label)
        meter.get_number(STARTED, worker=label).set(time.time())
        self._page_bytes = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
        self.update()

    def update(self) -> None:
        """Record the current values, and write all counts to shared memory."""
        self._meter.write()
        self._cpu.set(time.process_time())
        self._dropped.set(sum(writer.dropped for writer in list_writers()))
        if self._memory is not None:
            self._memory.set(int(_STATM.read_bytes().split()[1]) * self._page_bytes)
