"""A lock between a process and its copies, which the kernel takes back from one that is killed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self


class Exclusion:
    """To be made before there are copies; ``with`` it, no other process is in the same part. Threads are not kept out.

    It is a lock on a file in memory that has no name, so Linux is needed.
    """

    def __init__(self) -> None:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf  # noqa: PLC0415 - not everywhere

        self._file = os.memfd_create("naftiko-exclusion")
        self._lock = lockf
        self._take, self._try, self._give = LOCK_EX, LOCK_EX | LOCK_NB, LOCK_UN

    def take(self) -> bool:
        """Enter if no other process is inside; whoever has entered calls :meth:`give`."""
        try:
            self._lock(self._file, self._try)
        except OSError:
            return False
        return True

    def give(self) -> None:
        """Leave."""
        self._lock(self._file, self._give)

    def __enter__(self) -> Self:
        self._lock(self._file, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self.give()
