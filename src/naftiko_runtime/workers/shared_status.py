"""The status of all workers, in a page of memory that they share with the supervisor.

Each field has one writer and is written in one piece, so it needs no lock. The worker that serves the control port
reads the status of all workers here. Metrics are in another such page: :mod:`naftiko_runtime.server.program_metrics`.
"""

from __future__ import annotations

import mmap
import struct
import time
from typing import Final

from naftiko_runtime.limits import WORKER_SILENT_SECONDS

_STOPPING: Final = 0
_RECORD_BYTES: Final = 16
"""Per worker, and as many before the first: whether it is ready, and the time of its last heartbeat."""
_HEARTBEAT: Final = struct.Struct("=d")


class SharedStatus:
    """The page. The supervisor creates it before it forks."""

    def __init__(self, workers: int) -> None:
        self._workers = range(workers)
        self._page = mmap.mmap(-1, _RECORD_BYTES * (workers + 1))

    def set_stopping(self) -> None:
        """Mark the whole program as not ready."""
        self._page[_STOPPING] = 1

    def set_ready(self, worker: int, ready: bool) -> None:
        """Record whether a worker accepts connections."""
        self._page[_compute_offset(worker)] = ready

    def record_heartbeat(self, worker: int) -> None:
        """Record that a worker's event loop runs now."""
        _HEARTBEAT.pack_into(self._page, _compute_offset(worker) + _HEARTBEAT.size, time.monotonic())

    def is_ready(self) -> bool:
        """Return whether every worker accepts connections and the program is not stopping."""
        return not self._page[_STOPPING] and all(self._page[_compute_offset(worker)] for worker in self._workers)

    def is_live(self) -> bool:
        """Return whether the event loop of every ready worker runs."""
        oldest = time.monotonic() - WORKER_SILENT_SECONDS
        ready = (_compute_offset(worker) for worker in self._workers if self._page[_compute_offset(worker)])
        return all(_HEARTBEAT.unpack_from(self._page, offset + _HEARTBEAT.size)[0] >= oldest for offset in ready)


def _compute_offset(worker: int) -> int:
    return _RECORD_BYTES * (worker + 1)


class WorkerStatus:
    """One worker's own record."""

    def __init__(self, status: SharedStatus, worker: int) -> None:
        self._status = status
        self._worker = worker

    def set(self) -> None:
        """Record that the worker accepts connections."""
        self.record_heartbeat()
        self._status.set_ready(self._worker, ready=True)

    def clear(self) -> None:
        """Record that the worker accepts no more connections."""
        self._status.set_ready(self._worker, ready=False)

    def record_heartbeat(self) -> None:
        """Record that the worker's event loop runs now."""
        self._status.record_heartbeat(self._worker)
