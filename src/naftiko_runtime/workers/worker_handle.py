"""A worker process, as the supervisor sees it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.errors import BindError
    from naftiko_runtime.workers.control_channel import ControlChannel


class WorkerError(Exception):
    """No worker can serve; ``str()`` is one line that says why."""


@dataclass(slots=True)
class WorkerHandle:
    """A running worker.

    Attributes:
        number: Its number, from 0.
        pid: Its process.
        channel: The supervisor's end of the channel to it.
        started_seconds: When it was started, in monotonic seconds.
        deadline_seconds: When to kill it if it is neither ready nor ended, in monotonic seconds.
        ready: Whether it accepts connections.
        leaving: Whether it stops by itself.
        ending: Whether it has closed its end of the channel, so that its process ends.
        startup_error: Why it cannot start.
        cut_off: How many requests it cut off; None unless it drained to its end.
    """

    number: int
    pid: int
    channel: ControlChannel
    started_seconds: float
    deadline_seconds: float
    ready: bool = False
    leaving: bool = False
    ending: bool = False
    startup_error: BindError | None = None
    cut_off: int | None = None

    @property
    def log_fields(self) -> dict[str, object]:
        """The fields that name it in a log line."""
        return {"worker": self.number + 1, "pid": self.pid}

    def make_startup_error(self, status: int) -> Exception:
        """Return why it ended before it could serve, given its exit status."""
        if self.startup_error is not None:
            return self.startup_error
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return WorkerError(f"worker {self.number + 1} {how} before it could serve")
