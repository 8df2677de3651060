"""Writes log lines to standard error, and never waits for whoever reads them.

A line is written at once while the reader keeps up. Otherwise lines wait in a queue of bounded size, which a thread
empties; what does not fit is dropped and counted, and a line of its own tells how many were.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits

if TYPE_CHECKING:
    from naftiko_runtime.process_lock import Exclusion

_POLL: Final = getattr(select, "poll", None)
_PIECE_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""What a pipe that is ready takes without waiting."""
_READY_SECONDS: Final = 0.05
_TURN_SECONDS: Final = 0.001


class LogWriter(logging.Handler):
    """A logging handler that writes to a file descriptor without blocking its caller.

    Attributes:
        dropped: How many records were dropped.
        queued_bytes: Of lines that wait.
    """

    def __init__(
        self, descriptor: int, exclusion: Exclusion | None = None, queue_bytes_max: int = limits.LOG_QUEUE_BYTES_MAX
    ) -> None:
        """Prepare it.

        Args:
            descriptor: Where to write to.
            exclusion: Keeps the lines of several processes apart, where several write to the same place.
            queue_bytes_max: Of lines that wait.
        """
        super().__init__()
        self.dropped = 0
        self._descriptor = descriptor
        self._exclusion = exclusion
        self._queue_bytes_max = queue_bytes_max
        self._untold = 0
        self._pausing = False
        self._reset()
        if hasattr(os, "register_at_fork"):
            this = weakref.ref(self)
            os.register_at_fork(
                before=lambda: _call(this, "_pause"),
                after_in_parent=lambda: _call(this, "_resume"),
                after_in_child=lambda: _call(this, "_reset"),
            )

    def _reset(self) -> None:
        """Begin with nothing in line: what waits in a process is not its copy's to write."""
        self._guard = threading.Lock()
        self._queue: deque[bytes] = deque()
        self.queued_bytes = 0
        self._thread: threading.Thread | None = None
        self._excludes = False
        """Whether a line is written in part, so that the other processes have to wait for its rest."""
        self._pausing = False

    # -- what loggers call ----------------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or put it in line."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
        else:
            self.write(f"{line}\n")

    def write(self, text: str) -> None:
        """Write text, or put it in line."""
        data = text.encode("utf-8", "backslashreplace")
        with self._guard:
            if self._thread is None and not self._queue:
                if not (data := self._write_now(data)):
                    return
            elif self.queued_bytes + len(data) > self._queue_bytes_max:
                self.dropped += 1
                self._untold += 1
                return
            self._queue.append(data)
            self.queued_bytes += len(data)
            if self._thread is None and not self._pausing:
                self._start()

    def flush(self) -> None:
        """Wait for what is in line to be written, for a bounded time."""
        end = time.monotonic() + limits.LOG_FLUSH_SECONDS
        while (thread := self._thread) is not None and (left := end - time.monotonic()) > 0:
            thread.join(left)

    # -- writing --------------------------------------------------------------------------------------------------

    def _write_now(self, data: bytes) -> bytes:
        """Write as much of a line as is taken without waiting; returns the rest."""
        if self._exclusion is not None and not self._excludes:
            if not self._exclusion.take():
                return data
            self._excludes = True
        try:
            while data and self._is_ready(0):
                data = data[os.write(self._descriptor, data[:_PIECE_BYTES]) :]
        except OSError:  # nobody reads any more
            self.dropped += 1
            data = b""
        if not data and self._exclusion is not None:
            self._exclusion.give()
            self._excludes = False
        return data

    def _is_ready(self, seconds: float) -> bool:
        if _POLL is None:  # not everywhere; then writing waits
            return True
        poll = _POLL()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(seconds * 1000))

    # -- the thread that empties the line -------------------------------------------------------------------------

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._drain, name="log-writer", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        """Write what is in line, until nothing is or a fork needs this thread out of the way."""
        while True:
            with self._guard:
                if not self._queue and self._untold:
                    self._queue.append(self._told_of_drops())
                    self.queued_bytes = len(self._queue[0])
                if not self._queue or self._pausing:
                    self._thread = None
                    return
                data = self._queue[0]
            rest = self._write_now(data)
            with self._guard:
                self.queued_bytes -= len(data) - len(rest)
                if rest:
                    self._queue[0] = rest
                else:
                    self._queue.popleft()
            if rest and (self._exclusion is None or self._excludes):
                self._is_ready(_READY_SECONDS)
            elif rest:  # another process writes
                time.sleep(_TURN_SECONDS)

    def _told_of_drops(self) -> bytes:
        extra = {"dropped": self._untold, "dropped_in_all": self.dropped}
        self._untold = 0
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "log records dropped", (), None)
        record.__dict__.update(extra)
        self.filter(record)
        return f"{self.format(record)}\n".encode("utf-8", "backslashreplace")

    def _pause(self) -> None:
        """Let there be no thread: the process is about to be copied."""
        self._pausing = True
        if (thread := self._thread) is not None:
            thread.join(limits.LOG_FLUSH_SECONDS)

    def _resume(self) -> None:
        """Go on after a fork."""
        with self._guard:
            self._pausing = False
            if self._queue and self._thread is None:
                self._start()


def _call(writer: weakref.ref[LogWriter], name: str) -> None:
    if (found := writer()) is not None:
        getattr(found, name)()


def installed_writers() -> list[LogWriter]:
    """The writers of this process's log."""
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LogWriter)]
