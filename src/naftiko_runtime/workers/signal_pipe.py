"""Signals, for a process that waits for many things at once without an event loop."""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from naftiko_runtime.server.signals import Orders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
_LOOK_SECONDS: Final = 0.2
"""How often something that blocks is disturbed, so that a signal is looked at that came just before it began to."""


class Interrupted(BaseException):
    """A signal has come that does not wait for what is being done."""


class Bell:
    """Rings, that is, becomes readable, when one of :attr:`Orders.numbers` has come."""

    def __init__(self) -> None:
        self._bell, self._ringer = socket.socketpair()
        for end in (self._bell, self._ringer):
            end.setblocking(False)
        self._heard: list[int] = []
        self._interruptible = False

    def fileno(self) -> int:
        """For selectors."""
        return self._bell.fileno()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Take the signals, for as long as the context lasts."""
        before = {number: signal.signal(number, self._signalled) for number in Orders.numbers}
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, _disturb)
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def heard(self) -> Iterator[int]:
        """The signals that have come, each once."""
        while self._heard:
            yield self._heard.pop(0)

    def silence(self) -> None:
        """Stop ringing."""
        self._bell.recv(4096)

    def interruptibly(self, work: Callable[[], T]) -> T:
        """Do something that may take long.

        Raises:
            Interrupted: A signal has come to stop.
        """
        self._interruptible = True
        signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)
        try:
            if any(number != signal.SIGHUP for number in self._heard):  # it came just before
                raise Interrupted
            return work()
        finally:
            self._interruptible = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def close(self) -> None:
        """Take it down; not to be done while it is hung, but by a copy of the process."""
        self._bell.close()
        self._ringer.close()

    def _signalled(self, number: int, _frame: object) -> None:
        self._heard.append(number)
        if self._interruptible and number != signal.SIGHUP:
            self._interruptible = False
            raise Interrupted


def _disturb(_number: int, _frame: object) -> None:
    """Do nothing: a system call was broken off for it, and Python then runs the handlers of all signals."""
