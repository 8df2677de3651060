"""A lock between forked processes, which the kernel releases when its holder is killed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self


class ProcessLock:
    """A lock on an anonymous file in memory (Linux only). Create it before the process forks.

    It is a context manager. It does not exclude the threads of one process from each other.
    """

    def __init__(self) -> None:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf  # noqa: PLC0415 - not everywhere

        self._file = os.memfd_create("naftiko-lock")
        self._lock = lockf
        self._wait, self._try, self._unlock = LOCK_EX, LOCK_EX | LOCK_NB, LOCK_UN

    def acquire(self) -> bool:
        """Acquire the lock without waiting; return whether that succeeded. Then call :meth:`release`."""
        try:
            self._lock(self._file, self._try)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Release the lock."""
        self._lock(self._file, self._unlock)

    def __enter__(self) -> Self:
        self._lock(self._file, self._wait)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
