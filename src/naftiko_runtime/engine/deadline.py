"""Deadlines for many calls at once.

What ``asyncio.timeout`` does, for a fraction of its cost: all calls of a runtime have equally long, so they end in the
order in which they began, and one timer for the first of them is enough.
"""

from __future__ import annotations

import asyncio


class Deadline:
    """The end of one call's time; it cancels the task that made it.

    Attributes:
        expired: Whether its time was over.
        seconds: How much time it had, once it was over.
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
        """The time is over."""
        if not self.expired:
            self.expired = True
            self.seconds = seconds
            self._task.cancel()

    def explains(self, kind: type[BaseException] | None) -> bool:
        """Whether what a call ends with is this deadline's doing, and nobody else's; to be asked once, at its end."""
        return self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError


class Deadlines:
    """The deadlines of calls that all have equally long: in all, or since data last moved."""

    __slots__ = ("_loop", "_running", "_timer", "_total", "seconds")

    def __init__(self, seconds: float, total: Deadlines | None = None) -> None:
        """Prepare them.

        Args:
            seconds: For a call, or for its next step where steps are told by :meth:`renew`.
            total: Also bounds each call, whatever its steps are.
        """
        self.seconds = seconds
        self._total = total
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
            self._timer = loop.call_at(until, self._expire_due, loop)
        if self._total is not None:
            self._total.renew(deadline)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Its call is over, in time or not."""
        self._running.pop(deadline, None)
        if self._total is not None:
            self._total.end(deadline)

    def compute_remaining(self, deadline: Deadline) -> float:
        """How many seconds a call still has."""
        loop = self._loop
        ends = [each for group in (self, self._total) if group is not None and (each := group._running.get(deadline))]  # noqa: SLF001 - another of its kind
        return max(min(ends) - loop.time(), 0.0) if loop is not None and ends else self.seconds

    def suspend(self, deadline: Deadline) -> None:
        """What happens now is bounded by somebody else, until :meth:`renew`; the total goes on."""
        self._running.pop(deadline, None)

    def renew(self, deadline: Deadline) -> None:
        """Data has moved: the call has its time again from now on."""
        if deadline.expired:
            return
        loop = self._loop = self._loop or asyncio.get_running_loop()
        self._running.pop(deadline, None)  # to stand last again
        self._running[deadline] = until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._expire_due, loop)

    def _expire_due(self, loop: asyncio.AbstractEventLoop) -> None:
        """Strike those whose time is over, the first that began being the first; then wait for the next."""
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
