"""Takes rights away from a worker process. It skips what a platform does not have: each step is one more barrier."""

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

_NICENESS_AT_START: Final = 5
"""Lowers the priority of a worker that starts. It runs no script yet, and must start on a busy machine too."""
_NICENESS: Final = 15
"""Lowers the priority of a worker: on a busy core, requests come before scripts."""
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38


def harden_at_start(data_bytes: int) -> None:
    """Before the engine is loaded: a process group of its own, a lower priority, no core dumps, no rights to gain.

    The process ends with its parent. It stays in the session of its parent: Linux may share a core between sessions
    before it looks at the priorities of their processes.

    Args:
        data_bytes: How much memory the process may write to. Address space is not limited: engines reserve
            much more than they use.
    """
    os.umask(0o777)
    if sys.platform == "win32":
        return
    os.setpgid(0, 0)
    _lower_priority(_NICENESS_AT_START)
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
    _lower_priority(_NICENESS - _NICENESS_AT_START)
    if sys.platform == "linux":  # only now: it takes the right to write to files below /proc/self
        _set_process_attribute(_PR_SET_DUMPABLE, 0)
    kinds = (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE)
    if sys.platform == "linux":
        for child in _list_children(os.getpid()):
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


def run_when_idle(pid: int) -> None:
    """Let a worker, and those that it started, run only when nothing else wants to. Nothing can undo it.

    Only Linux has such a priority. There, a request interrupts such a process at once, where it has to wait for the
    end of a time slice of one that only has a high niceness.
    """
    if sys.platform == "linux":
        for process in (pid, *_list_children(pid)):
            for thread in _list_threads(process):
                with suppress(OSError):  # it ended
                    os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


def _lower_priority(increment: int) -> None:
    """Add to the niceness of this process, of its threads, and of those that it started."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PGRP, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + increment))


def _limit(kind: int, value: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _list_children(pid: int) -> list[int]:
    """The processes that a process started. For itself, it must call this before its last descriptor is gone."""
    with suppress(OSError):
        lists = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    return []


def _list_threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    return []
