"""Starts a worker as a fork of this process, which has loaded everything."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from naftiko_runtime.server.event_loop import run_loop
from naftiko_runtime.server.signals import SignalPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)
_EXIT_SOFTWARE: Final = 70
"""The exit status after an internal error, as in sysexits.h."""


def freeze_heap() -> None:
    """Exclude all live objects from garbage collection, so that their pages stay shared with forks."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def fork_worker(start: Callable[[], Coroutine[object, object, None]]) -> int:
    """Fork; the child runs a coroutine to its end and exits.

    Call it without other threads and without an event loop: neither survives a fork.

    Args:
        start: Called in the child. It must close the files that only the parent needs.

    Returns:
        The child's process id.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, SignalPolicy.numbers)  # or the child's would wake the parent
    try:
        pid = os.fork()
        if pid == 0:
            _run_child(start, signals)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    return pid


def _run_child(start: Callable[[], Coroutine[object, object, None]], signals: set[int]) -> NoReturn:
    status = _EXIT_SOFTWARE
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all; the parent handles them
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        run_loop(start())
        status = 0
    except Exception:  # the process boundary
        log.exception("unexpected error")
    finally:
        logging.shutdown()  # flushes lines that are not written yet; os._exit does not
        os._exit(status)
