"""The timer of a connection, which bounds what its state waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Timer:
    """Calls back once, after a time, unless it is stopped or started again before.

    Attributes:
        handle: The running timer; None while it does not run.
    """

    __slots__ = ("_expire", "_grace_seconds", "_loop", "handle")

    def __init__(self, loop: asyncio.AbstractEventLoop, grace_seconds: float) -> None:
        self._loop = loop
        self._grace_seconds = grace_seconds
        self.handle: asyncio.TimerHandle | None = None
        self._expire: Callable[[], None]

    def start(self, seconds: float, expire: Callable[[], None]) -> None:
        """Call ``expire`` after ``seconds``."""
        self.stop()
        self._expire = expire
        self.handle = self._loop.call_later(seconds, self._end)

    def start_lenient(self, seconds: float, expire: Callable[[], None]) -> None:
        """Call ``expire`` after ``seconds``, but not before the bytes that have arrived by then are read."""
        self.stop()
        self._expire = expire
        self.handle = self._loop.call_later(seconds, self._wait_for_arrivals)

    def stop(self) -> None:
        """Stop the timer, if it runs."""
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None

    def _wait_for_arrivals(self) -> None:
        self.handle = self._loop.call_later(self._grace_seconds, self._end)

    def _end(self) -> None:
        self.handle = None
        self._expire()
