"""The meaning of signals."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from naftiko_runtime.startup_signals import has_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

SIGHUP: Final[signal.Signals | None] = getattr(signal, "SIGHUP", None)
"""None on Windows."""


@contextmanager
def handle_signals(policy: SignalPolicy) -> Iterator[None]:
    """Let a policy handle signals in the running event loop."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in policy.numbers}

    def handle_soon(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(policy.handle, number)

    for number in policy.numbers:
        try:
            loop.add_signal_handler(number, policy.handle, number)
        except NotImplementedError:  # on Windows
            signal.signal(number, handle_soon)
    try:
        yield
    finally:
        for number in policy.numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])


class SignalPolicy:
    """SIGTERM and SIGINT drain, a second one does not wait; SIGHUP reloads, or stops when the terminal was closed."""

    numbers: Final = tuple(filter(None, (signal.SIGTERM, signal.SIGINT, SIGHUP)))

    def __init__(
        self, stop: Callable[[], None], force: Callable[[], None], reload: Callable[[], None], grace_seconds: float
    ) -> None:
        self._stop = stop
        self._force = force
        self._reload = reload
        self._grace_seconds = grace_seconds
        self._had_terminal = has_terminal()
        self._stopping = False

    def handle(self, number: int) -> None:
        """Handle a signal."""
        if number == SIGHUP and not (self._had_terminal and not has_terminal()):
            self._reload()
        elif self._stopping:
            log.warning("second signal: stopping at once")
            self._force()
        else:
            self._stopping = True
            self._stop()  # first: a reader of the line may check readiness at once
            name = signal.Signals(number).name
            log.info("stopping", extra={"signal": name, "grace_seconds": self._grace_seconds})
