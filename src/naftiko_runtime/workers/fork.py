"""Starts a worker as a copy of this process, which has everything loaded already."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from naftiko_runtime.server.event_loop import run_loop
from naftiko_runtime.server.signals import Orders

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger(__name__)
_FAULT: Final = 70
"""The exit status after an error of ours, as in sysexits.h."""


def settle() -> None:
    """Let what is loaded be: no collection of a worker's touches it, so its pages stay shared with the parent."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def fork_worker(begin: Callable[[], Coroutine[object, object, None]]) -> int:
    """Fork; the copy runs a coroutine to its end and exits.

    To be called without any other thread and without an event loop: neither would survive.

    Args:
        begin: Called in the copy; it has to close what is the parent's alone.

    Returns:
        The copy's process id.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, Orders.numbers)  # or the copy would tell the parent of its own
    try:
        pid = os.fork()
        if pid == 0:
            _live(begin, signals)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    return pid


def _live(begin: Callable[[], Coroutine[object, object, None]], signals: set[int]) -> NoReturn:
    status = _FAULT
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGHUP):  # they come to all of a terminal, and are the parent's to heed
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        run_loop(begin())
        status = 0
    except Exception:  # the process boundary
        log.exception("unexpected error")
    finally:
        logging.shutdown()  # for lines that wait for whoever reads them; nothing else does this here
        os._exit(status)
