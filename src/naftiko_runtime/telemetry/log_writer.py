"""Writes log lines to standard error without ever waiting for its reader.

A line is written at once while the reader keeps up. Otherwise lines wait in a queue of bounded size, which a thread
empties. Lines that do not fit are dropped, and a log line says how many were.
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
    from naftiko_runtime.process_lock import ProcessLock

_POLL: Final = getattr(select, "poll", None)
_PIECE_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""How much a pipe that is ready takes without waiting."""
_READY_SECONDS: Final = 0.05
_TURN_SECONDS: Final = 0.001


class LogWriter(logging.Handler):
    """A logging handler that writes to a file descriptor without blocking its caller.

    Attributes:
        dropped: How many records were dropped.
        queued_bytes: The size of the lines that wait.
    """

    def __init__(
        self,
        descriptor: int,
        process_lock: ProcessLock | None = None,
        queue_bytes_max: int = limits.LOG_QUEUE_BYTES_MAX,
    ) -> None:
        """Prepare the handler.

        Args:
            descriptor: The file descriptor to write to.
            process_lock: Keeps the lines of several processes apart that write to the same descriptor.
            queue_bytes_max: The maximum size of the lines that wait.
        """
        super().__init__()
        self.dropped = 0
        self._descriptor = descriptor
        self._process_lock = process_lock
        self._queue_bytes_max = queue_bytes_max
        self._unreported = 0
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
        """Start with an empty queue: a forked process must not write the lines of its parent."""
        self._guard = threading.Lock()
        self._queue: deque[bytes] = deque()
        self.queued_bytes = 0
        self._thread: threading.Thread | None = None
        self._holds_lock = False
        """Whether a line is written in part, so that other processes wait for its rest."""
        self._pausing = False

    # -- called by loggers -----------------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or put it into the queue."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
        else:
            self.write(f"{line}\n")

    def write(self, text: str) -> None:
        """Write text, or put it into the queue."""
        data = text.encode("utf-8", "backslashreplace")
        with self._guard:
            if self._thread is None and not self._queue:
                if not (data := self._write_now(data)):
                    return
            elif self.queued_bytes + len(data) > self._queue_bytes_max:
                self.dropped += 1
                self._unreported += 1
                return
            self._queue.append(data)
            self.queued_bytes += len(data)
            if self._thread is None and not self._pausing:
                self._start()

    def flush(self) -> None:
        """Wait until the queue is written, at most ``LOG_FLUSH_SECONDS``."""
        end = time.monotonic() + limits.LOG_FLUSH_SECONDS
        while (thread := self._thread) is not None and (left := end - time.monotonic()) > 0:
            thread.join(left)

    # -- writing --------------------------------------------------------------------------------------------------

    def _write_now(self, data: bytes) -> bytes:
        """Write as much of a line as possible without waiting; return the rest."""
        if self._process_lock is not None and not self._holds_lock:
            if not self._process_lock.acquire():
                return data
            self._holds_lock = True
        try:
            while data and self._is_ready(0):
                data = data[os.write(self._descriptor, data[:_PIECE_BYTES]) :]
        except OSError:  # the reader has closed its end
            self.dropped += 1
            data = b""
        if not data and self._process_lock is not None:
            self._process_lock.release()
            self._holds_lock = False
        return data

    def _is_ready(self, seconds: float) -> bool:
        if _POLL is None:  # not on every system: there, writing waits
            return True
        poll = _POLL()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(seconds * 1000))

    # -- the thread that empties the queue ------------------------------------------------------------------------

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._drain, name="log-writer", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        """Write the queue until it is empty, or a fork needs this thread to end."""
        while True:
            with self._guard:
                if not self._queue and self._unreported:
                    self._queue.append(self._format_drops())
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
            if rest and (self._process_lock is None or self._holds_lock):
                self._is_ready(_READY_SECONDS)
            elif rest:  # another process writes
                time.sleep(_TURN_SECONDS)

    def _format_drops(self) -> bytes:
        extra = {"dropped": self._unreported, "dropped_in_all": self.dropped}
        self._unreported = 0
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "log records dropped", (), None)
        record.__dict__.update(extra)
        self.filter(record)
        return f"{self.format(record)}\n".encode("utf-8", "backslashreplace")

    def _pause(self) -> None:
        """End the thread: the process is about to fork."""
        self._pausing = True
        if (thread := self._thread) is not None:
            thread.join(limits.LOG_FLUSH_SECONDS)

    def _resume(self) -> None:
        """Continue after a fork."""
        with self._guard:
            self._pausing = False
            if self._queue and self._thread is None:
                self._start()


def _call(writer: weakref.ref[LogWriter], name: str) -> None:
    if (found := writer()) is not None:
        getattr(found, name)()


def list_writers() -> list[LogWriter]:
    """Return the log writers of this process."""
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LogWriter)]
