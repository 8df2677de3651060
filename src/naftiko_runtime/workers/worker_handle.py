"""A worker, as its parent knows it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError

if TYPE_CHECKING:
    from naftiko_runtime.workers.control_channel import Channel


class WorkerError(Exception):
    """No worker can serve; ``str()`` is one line that says why."""


@dataclass(slots=True)
class Member:
    """A living worker.

    Attributes:
        number: Its place, from 0.
        pid: Its process.
        channel: The way to it.
        born: When it was started.
        deadline: When it is killed, unless it is ready by then, or has ended.
        ready: Whether it accepts.
        leaving: Whether it stops by itself.
        reason: Why it cannot start.
        cut: How many requests it cut off; none unless it drained to its end.
    """

    number: int
    pid: int
    channel: Channel
    born: float
    deadline: float
    ready: bool = False
    leaving: bool = False
    reason: str | None = None
    cut: int | None = None

    @property
    def told(self) -> dict[str, object]:
        """What a log line says of it."""
        return {"worker": self.number + 1, "pid": self.pid}

    def fault(self, status: int) -> Exception:
        """Why it did not even start, by its exit status."""
        if self.reason is not None:
            return BindError((self.reason,))
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return WorkerError(f"worker {self.number + 1} {how} before it could serve")
