"""Deadlines for many calls at once.

What ``asyncio.timeout`` does, for a fraction of its cost: all calls of a runtime have equally long, so they end in the
order in which they began, and one timer for the first of them is enough.
"""

from __future__ import annotations

import asyncio


class Deadline:
    """The end of one call's time; it cancels the task that made it."""

    __slots__ = ("_cancelling", "_task", "struck")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type
        self._task = task
        self._cancelling = task.cancelling()
        self.struck = False

    def strike(self) -> None:
        """The time is over."""
        self.struck = True
        self._task.cancel()

    def explains(self, kind: type[BaseException] | None) -> bool:
        """Whether what a call ends with is this deadline's doing, and nobody else's; to be asked once, at its end."""
        return self.struck and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError


class Deadlines:
    """The deadlines of calls that all have equally long."""

    __slots__ = ("_loop", "_running", "_timer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Deadline, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Deadline:
        """Give the running task its time from now on."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        deadline = Deadline()
        self._running[deadline] = until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._look, loop)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Its call is over, in time or not."""
        self._running.pop(deadline, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Strike those whose time is over, the first that began being the first; then wait for the next."""
        self._timer = None
        now = loop.time()
        over = []
        for deadline, until in self._running.items():
            if until > now:
                self._timer = loop.call_at(until, self._look, loop)
                break
            over.append(deadline)
        for deadline in over:
            del self._running[deadline]
            deadline.strike()
