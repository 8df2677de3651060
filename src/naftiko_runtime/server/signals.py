"""The meaning of signals."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING, Final

from naftiko_runtime.startup_signals import has_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class SignalPolicy:
    """SIGTERM and SIGINT drain, a second one does not wait; SIGHUP reloads, or stops when the terminal was closed."""

    numbers: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

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
        if number == signal.SIGHUP and not (self._had_terminal and not has_terminal()):
            self._reload()
        elif self._stopping:
            log.warning("second signal: stopping at once")
            self._force()
        else:
            self._stopping = True
            self._stop()  # first: a reader of the line may check readiness at once
            name = signal.Signals(number).name
            log.info("stopping", extra={"signal": name, "grace_seconds": self._grace_seconds})
