"""Receives signals in a process that has no event loop."""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from naftiko_runtime.server.signals import SignalPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_LOOK_SECONDS: Final = 0.2
"""Interval at which blocking work is interrupted, to notice a signal that came just before it blocked."""


class Interrupted(BaseException):
    """A signal to stop arrived during an interruptible function."""


class SignalPipe:
    """A self-pipe: becomes readable when one of :attr:`SignalPolicy.numbers` arrives, or a child process ends."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._pending: list[int] = []
        self._interruptible = False

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._reader.fileno()

    @contextmanager
    def install(self) -> Iterator[None]:
        """Handle the signals for as long as the context lasts."""
        before = {number: signal.signal(number, self._on_signal) for number in SignalPolicy.numbers}
        before |= {number: signal.signal(number, _ignore) for number in (signal.SIGALRM, signal.SIGCHLD)}
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def take_pending(self) -> Iterator[int]:
        """Take the signals that have arrived, oldest first."""
        while self._pending:
            yield self._pending.pop(0)

    def drain(self) -> None:
        """Empty the pipe, so that it is no longer readable."""
        self._reader.recv(4096)

    def run_interruptible(self, work: Callable[[], T]) -> T:
        """Run a function that may take long.

        Raises:
            Interrupted: A signal to stop arrived.
        """
        self._interruptible = True
        signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)
        try:
            if any(number != signal.SIGHUP for number in self._pending):  # it came just before
                raise Interrupted
            return work()
        finally:
            self._interruptible = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def close(self) -> None:
        """Close both ends. Call this only if it is not installed, or in a forked process."""
        self._reader.close()
        self._writer.close()

    def _on_signal(self, number: int, _frame: object) -> None:
        self._pending.append(number)
        if self._interruptible and number != signal.SIGHUP:
            self._interruptible = False
            raise Interrupted


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the signal interrupts a system call, and Python then runs the handlers of all signals."""
