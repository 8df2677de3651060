"""Takes rights away from a worker process. What a platform does not have is left out: each step is one more wall."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import resource

_NICENESS: Final = 15
"""Lowers the priority of a worker: on a busy core, requests come before scripts."""
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
    with suppress(OSError):
        os.nice(_NICENESS)
    with suppress(OSError):  # Linux shares a core between sessions first, and each worker has its own
        Path("/proc/self/autogroup").write_text(str(_NICENESS), encoding="ascii")
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, data_bytes)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def harden_when_warm() -> None:
    """After the engine is loaded: this process, and those that the engine started, open and start nothing more.

    Without a free descriptor there is no file, no socket and no pipe, even for code that escapes from its engine.
    """
    if sys.platform == "win32":
        return
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


def _limit(kind: int, value: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _list_children() -> list[int]:
    """The processes that this one started. Read before the last descriptor is gone."""
    with suppress(OSError):
        lists = Path("/proc/self/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    return []
