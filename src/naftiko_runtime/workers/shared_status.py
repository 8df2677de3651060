"""What all workers of a program know of each other: a page of memory that they share with their parent.

Each field has one writer and is written in one piece, so nobody has to lock it. Whichever worker is asked on the
control port answers for all of them from here; what they count stands on another such page, see
:mod:`naftiko_runtime.telemetry.shared_metrics`.
"""

from __future__ import annotations

import mmap
import struct
import time
from typing import Final

from naftiko_runtime.limits import WORKER_SILENT_SECONDS

_STOPPING: Final = 0
_SLOT_BYTES: Final = 16
"""Of each worker, and as many before the first one's: whether it is ready, and when it last said that it is well."""
_BEAT: Final = struct.Struct("=d")


class Board:
    """The page. To be made by the parent, before there are workers."""

    def __init__(self, workers: int) -> None:
        self._workers = range(workers)
        self._page = mmap.mmap(-1, _SLOT_BYTES * (workers + 1))

    def stop(self) -> None:
        """Let readiness fall, for all workers at once."""
        self._page[_STOPPING] = 1

    def set_ready(self, worker: int, ready: bool) -> None:
        """Whether a worker accepts."""
        self._page[_at(worker)] = ready

    def beat(self, worker: int) -> None:
        """Note that a worker's loop goes round."""
        _BEAT.pack_into(self._page, _at(worker) + _BEAT.size, time.monotonic())

    def is_ready(self) -> bool:
        """Whether every worker accepts, and no stop has begun."""
        return not self._page[_STOPPING] and all(self._page[_at(worker)] for worker in self._workers)

    def is_live(self) -> bool:
        """Whether every worker that accepts also answers."""
        long_ago = time.monotonic() - WORKER_SILENT_SECONDS
        beats = (_BEAT.unpack_from(self._page, _at(w) + _BEAT.size)[0] for w in self._workers if self._page[_at(w)])
        return all(beat >= long_ago for beat in beats)


def _at(worker: int) -> int:
    return _SLOT_BYTES * (worker + 1)


class Slot:
    """A worker's own part of the board."""

    def __init__(self, board: Board, worker: int) -> None:
        self._board = board
        self._worker = worker

    def set(self) -> None:
        """It accepts."""
        self.beat()
        self._board.set_ready(self._worker, ready=True)

    def clear(self) -> None:
        """It is not to be sent anything."""
        self._board.set_ready(self._worker, ready=False)

    def beat(self) -> None:
        """Its loop goes round."""
        self._board.beat(self._worker)
