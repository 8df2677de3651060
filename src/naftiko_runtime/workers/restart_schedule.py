"""Schedules missing workers: at once, or with a growing pause if they fail soon after their start."""

from __future__ import annotations

import time
from typing import Final

from naftiko_runtime import limits

_DOUBLINGS_MAX: Final = 16


class RestartSchedule:
    """Exponential backoff per worker. All workers are due at first."""

    def __init__(self, workers: int) -> None:
        self._due_seconds = dict.fromkeys(range(workers), 0.0)
        self._failures = dict.fromkeys(range(workers), 0)
        """How often in a row each worker has ended soon."""

    @property
    def is_empty(self) -> bool:
        """Whether no worker is missing."""
        return not self._due_seconds

    @property
    def next_seconds(self) -> float:
        """When the next worker is due, in monotonic seconds. Infinite if none is missing."""
        return min(self._due_seconds.values(), default=float("inf"))

    def take_due(self) -> list[int]:
        """Remove and return the workers that are due."""
        now = time.monotonic()
        workers = [worker for worker, due in self._due_seconds.items() if due <= now]
        for worker in workers:
            del self._due_seconds[worker]
        return workers

    def add(self, worker: int, *, was_stable: bool = False) -> float:
        """Schedule a worker, and return the pause until then.

        Args:
            worker: The number of the worker.
            was_stable: Whether it ran long enough to be started again at once.
        """
        failures = self._failures[worker] = 0 if was_stable else self._failures[worker] + 1
        grown = limits.WORKER_PAUSE_SECONDS * 2.0 ** min(failures - 1, _DOUBLINGS_MAX)
        pause_seconds = min(grown, limits.WORKER_PAUSE_SECONDS_MAX) if failures else 0.0
        self._due_seconds[worker] = time.monotonic() + pause_seconds
        return pause_seconds

    def clear(self) -> None:
        """Remove all workers from the schedule."""
        self._due_seconds.clear()
