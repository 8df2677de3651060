"""Figures in memory that all workers of a program share with their parent, so that any of them can tell all.

Each writer has a region of its own, to which it only ever adds entries: a key once, and numbers that it changes in
place, each in one piece. So nobody locks anything, and what a worker has counted outlives it: its successor goes on
with the same region.
"""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD: Final = 8
_USED: Final = struct.Struct("=Q")
"""A region's first word: how many of its bytes are in use, itself included."""
_ENTRY: Final = struct.Struct("=II")
"""Before each entry: the length of its key in bytes, and how many numbers follow the key."""


class FullError(Exception):
    """A region has no room for another entry."""


class SharedStore:
    """The regions. To be made by the parent, before there are workers; memory is only taken where it is written."""

    def __init__(self, writers: int) -> None:
        self._writers = range(writers)
        self._memory = mmap.mmap(-1, limits.METRICS_BYTES_MAX * writers)

    def region(self, writer: int) -> Region:
        """One writer's region, with what it or its predecessor has written."""
        return Region(memoryview(self._memory)[_region(writer)])

    def entries(self) -> Iterator[tuple[int, str, list[float]]]:
        """Everything that was written: by whom, the key, the numbers."""
        for writer in self._writers:
            region = memoryview(self._memory)[_region(writer)]
            numbers: memoryview[float] = region.cast("d")
            for key, first, count in _read(region):
                yield writer, key, list(numbers[first : first + count])


class Region:
    """A region, to write in."""

    def __init__(self, region: memoryview) -> None:
        self._region = region
        self._offsets = {key: first for key, first, _ in _read(region)}
        self.numbers: memoryview[float] = region.cast("d")
        """The region as numbers; those of an entry begin where :meth:`offset` says."""

    def offsets(self) -> dict[str, int]:
        """Where the numbers of every entry begin."""
        return dict(self._offsets)

    def offset(self, key: str, count: int) -> int:
        """Where the numbers of an entry begin, which is made when there is none of that key.

        Raises:
            FullError: There is no room for it.
        """
        try:
            return self._offsets[key]
        except KeyError:
            first = self._offsets[key] = self._add(key.encode(), count)
            return first

    def _add(self, key: bytes, count: int) -> int:
        start: int = max(_USED.size, _USED.unpack_from(self._region)[0])
        first = start + _ENTRY.size + _whole_words(len(key))
        end = first + count * _WORD
        if end > len(self._region):
            raise FullError
        _ENTRY.pack_into(self._region, start, len(key), count)
        self._region[start + _ENTRY.size : start + _ENTRY.size + len(key)] = key
        _USED.pack_into(self._region, 0, end)  # last: from now on others read it
        return first // _WORD


def _read(region: memoryview) -> Iterator[tuple[str, int, int]]:
    """Every entry's key, the index of its first number, and how many there are."""
    at, used = _USED.size, _USED.unpack_from(region)[0]
    while at < used:
        length, count = _ENTRY.unpack_from(region, at)
        first = at + _ENTRY.size + _whole_words(length)
        yield bytes(region[at + _ENTRY.size : at + _ENTRY.size + length]).decode(), first // _WORD, count
        at = first + count * _WORD


def _whole_words(size: int) -> int:
    return -(-size // _WORD) * _WORD


def _region(writer: int) -> slice:
    return slice(writer * limits.METRICS_BYTES_MAX, (writer + 1) * limits.METRICS_BYTES_MAX)
