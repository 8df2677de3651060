"""Deadlines of many calls, with one timer.

They work like ``asyncio.timeout`` at a fraction of its cost: all calls have the same timeout, so they expire in the
order in which they began, and one timer for the first of them is enough.
"""

from __future__ import annotations

import asyncio


class Deadline:
    """The deadline of one call. It cancels the task that made it.

    Attributes:
        expired: Whether it has expired.
        seconds: The timeout, after it has expired.
    """

    __slots__ = ("_cancelling", "_task", "expired", "seconds")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type
        self._task = task
        self._cancelling = task.cancelling()
        self.expired = False
        self.seconds = 0.0

    def expire(self, seconds: float) -> None:
        """Cancel the task."""
        if not self.expired:
            self.expired = True
            self.seconds = seconds
            self._task.cancel()

    def explains(self, kind: type[BaseException] | None) -> bool:
        """Return whether a call ends with this exception because of this deadline alone.

        Call it once, when the call ends.
        """
        return self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError


class Deadlines:
    """The deadlines of calls with one timeout: for all of a call, or since data last moved."""

    __slots__ = ("_loop", "_running", "_timer", "_total", "seconds")

    def __init__(self, seconds: float, total: Deadlines | None = None) -> None:
        """Create a group of deadlines.

        Args:
            seconds: The timeout of a call, or of each of its steps if :meth:`renew` is called.
            total: Deadlines that also limit each call as a whole.
        """
        self.seconds = seconds
        self._total = total
        self._running: dict[Deadline, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Deadline:
        """Start the deadline of the running task."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        deadline = Deadline()
        self._running[deadline] = until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._expire_due, loop)
        if self._total is not None:
            self._total.renew(deadline)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """End a deadline, because its call has ended."""
        self._running.pop(deadline, None)
        if self._total is not None:
            self._total.end(deadline)

    def compute_remaining(self, deadline: Deadline) -> float:
        """Compute the seconds that a call has left."""
        if deadline.expired:
            return 0.0
        loop = self._loop
        ends = [each for group in (self, self._total) if group is not None and (each := group._running.get(deadline))]  # noqa: SLF001 - another of its kind
        return max(min(ends) - loop.time(), 0.0) if loop is not None and ends else self.seconds

    def suspend(self, deadline: Deadline) -> None:
        """Stop the deadline until :meth:`renew`; the total goes on."""
        self._running.pop(deadline, None)

    def renew(self, deadline: Deadline) -> None:
        """Start the deadline again, because data has moved."""
        if deadline.expired:
            return
        loop = self._loop = self._loop or asyncio.get_running_loop()
        self._running.pop(deadline, None)  # the order is that of expiry
        self._running[deadline] = until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._expire_due, loop)

    def _expire_due(self, loop: asyncio.AbstractEventLoop) -> None:
        """Expire the deadlines that are due, oldest first, and set the timer for the next one."""
        self._timer = None
        now = loop.time()
        over = []
        for deadline, until in self._running.items():
            if until > now:
                self._timer = loop.call_at(until, self._expire_due, loop)
                break
            over.append(deadline)
        for deadline in over:
            del self._running[deadline]
            deadline.expire(self.seconds)
