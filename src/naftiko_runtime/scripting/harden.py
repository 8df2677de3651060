"""Takes rights away from a worker process. It skips what a platform does not have: each step is one more barrier."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import resource

_NICENESS_AT_START: Final = 5
"""Lowers the priority of a worker that starts. It runs no script yet, and must start on a busy machine too."""
_NICENESS: Final = 15
"""Lowers the priority of a worker: on a busy core, requests come before scripts."""
_AUTOGROUP: Final = Path("/proc/self/autogroup")
_AUTOGROUP_ATTEMPTS: Final = 10
_AUTOGROUP_SECONDS: Final = 0.1
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38


def harden_at_start(data_bytes: int) -> None:
    """Before the engine is loaded: a lower priority, no core dumps, no rights to gain, and death with the parent.

    Args:
        data_bytes: How much memory the process may write to. Address space is not limited: engines reserve
            much more than they use.
    """
    os.umask(0o777)
    if sys.platform == "win32":
        return
    _lower_priority(_NICENESS_AT_START, _NICENESS_AT_START)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, data_bytes)
    if sys.platform == "linux":
        _set_process_attribute(_PR_SET_NO_NEW_PRIVS, 1)
        _set_process_attribute(_PR_SET_PDEATHSIG, signal.SIGKILL)


def harden_when_warm() -> None:
    """After the engine is loaded: this process, and those that the engine started, open and start nothing more.

    They get the low priority of scripts.

    Without a free descriptor there is no file, no socket and no pipe, even for code that escapes from its engine.
    """
    if sys.platform == "win32":
        return
    _lower_priority(_NICENESS - _NICENESS_AT_START, _NICENESS)
    if sys.platform == "linux":  # only now: it takes the right to write to files below /proc/self
        _set_process_attribute(_PR_SET_DUMPABLE, 0)
    kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE)
    if sys.platform == "linux":
        for child in _list_children():
            for kind in kinds:
                with suppress(OSError, ValueError):
                    resource.prlimit(child, kind, (0, 0))
    for kind in kinds:
        _limit(kind, 0)


def limit_cpu(seconds: float) -> None:
    """Limit the CPU time from now on. The pool ends a worker earlier, as long as the pool is alive."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 5
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _set_process_attribute(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _lower_priority(increment: int, session: int) -> None:
    """Lower the priority of this process, of those that it started, and of their session.

    Args:
        increment: What is added to the niceness of the processes and their threads.
        session: The niceness of the session. Linux shares a core between sessions first, and each worker has its own.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PGRP, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + increment))
    for _ in range(_AUTOGROUP_ATTEMPTS):
        try:
            _AUTOGROUP.write_text(str(session), encoding="ascii")
        except BlockingIOError:  # Linux allows one such change at a time to those who are not root
            time.sleep(_AUTOGROUP_SECONDS)
        except OSError:
            return
        else:
            return


def _limit(kind: int, value: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _list_children() -> list[int]:
    """The processes that this one started. Read before the last descriptor is gone."""
    with suppress(OSError):
        lists = Path("/proc/self/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    return []
