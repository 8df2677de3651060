"""What the signals of a program mean."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING, Final

from naftiko_runtime.startup_signals import has_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class Orders:
    """SIGTERM and SIGINT drain, a second one does not wait; SIGHUP reads anew, or is the end of the terminal."""

    numbers: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(
        self, stop: Callable[[], None], hurry: Callable[[], None], reload: Callable[[], None], grace_seconds: float
    ) -> None:
        self._stop = stop
        self._hurry = hurry
        self._reload = reload
        self._grace_seconds = grace_seconds
        self._had_terminal = has_terminal()
        self._stopping = False

    def signalled(self, number: int) -> None:
        """Do what a signal asks for; a terminal that was closed takes its program with it."""
        if number == signal.SIGHUP and not (self._had_terminal and not has_terminal()):
            self._reload()
        elif self._stopping:
            log.warning("second signal: not waiting any longer")
            self._hurry()
        else:
            self._stopping = True
            self._stop()  # first: whoever reads the line may ask for readiness at once
            name = signal.Signals(number).name
            log.info("stopping", extra={"signal": name, "grace_seconds": self._grace_seconds})
