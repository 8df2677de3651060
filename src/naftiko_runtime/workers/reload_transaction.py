"""One reload of all workers: all of them are prepared before one of them changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from naftiko_runtime import limits
from naftiko_runtime.server.settings import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.server.settings import Job
    from naftiko_runtime.workers.control_channel import Channel, Message


class Turn:
    """What the parent has read, and how far the workers are with it.

    Attributes:
        jobs: What is to be served.
        fault: Why it is not; it is given up then.
        changed: Whether a worker has read something else than the parent, for the files were being written.
        in_progress: How many requests were in progress when it began to be served.
        deadline: When workers that have said nothing are not waited for any longer.
    """

    def __init__(self, number: int, jobs: Sequence[Job], workers: Mapping[int, Channel]) -> None:
        self.jobs = jobs
        self.fault: str | None = None
        self.changed = False
        self.in_progress = 0
        self.deadline = time.monotonic() + limits.RELOAD_SECONDS
        self._number = number
        self._read = fingerprint(jobs)
        self._workers = dict(workers)
        self._waiting = set(workers)
        self._committed = False
        self._tell("prepare")
        self._look()

    @property
    def done(self) -> bool:
        """Whether it is served by all, or given up."""
        return self.fault is not None or (self._committed and not self._waiting)

    @property
    def committed(self) -> bool:
        """Whether it is too late to give it up."""
        return self._committed

    def heard(self, worker: int, message: Message) -> None:
        """Take what a worker says of this reload; of another one it is no news."""
        if self.done or worker not in self._waiting or message.fields["turn"] != self._number:
            return
        match message.word:
            case "prepared" if message.fields["read"] == self._read:
                self._waiting.discard(worker)
            case "prepared":
                self.changed = True
                self.give_up("the files changed while they were read")
            case "unprepared":
                self.give_up(message.fields["reason"])
            case "served":
                self._waiting.discard(worker)
                self.in_progress += message.fields["in_progress"]
        self._look()

    def left(self, worker: int) -> None:
        """A worker is gone: its successor begins with what is served by then."""
        self._workers.pop(worker, None)
        self._waiting.discard(worker)
        self._look()

    def late(self) -> list[int]:
        """The time is over: give up; once it is served by some, return those that do not say that they do."""
        if not self._committed:
            names = ", ".join(str(worker + 1) for worker in sorted(self._waiting))
            self.give_up(f"no word of worker {names}")
            return []
        late, self._waiting = sorted(self._waiting), set()
        return late

    def give_up(self, reason: str) -> None:
        """Let every worker forget it."""
        self.fault = reason
        self._tell("abandon")

    def _look(self) -> None:
        if not self.done and not self._waiting and not self._committed:
            self._committed = True
            self._waiting = set(self._workers)
            self._tell("commit")

    def _tell(self, word: str) -> None:
        for channel in self._workers.values():
            channel.send(word, turn=self._number)
