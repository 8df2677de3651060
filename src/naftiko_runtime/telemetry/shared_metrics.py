"""Numbers in memory that all workers share with the supervisor, so that each of them can read all.

Each writer has its own region. It only adds entries: a key once, and numbers that it changes in place, each in one
write. No lock is needed, and the numbers of a worker outlive it: its replacement continues with the same region.
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
"""The first word of a region: how many of its bytes are in use, including this word."""
_ENTRY: Final = struct.Struct("=II")
"""Before each entry: the length of its key in bytes, and how many numbers follow the key."""


class FullError(Exception):
    """A region has no room for another entry."""


class SharedStore:
    """All regions. The supervisor creates them before it forks; unused pages take no memory."""

    def __init__(self, writers: int) -> None:
        self._writers = range(writers)
        self._memory = mmap.mmap(-1, limits.METRICS_BYTES_MAX * writers)

    def get_region(self, writer: int) -> Region:
        """Return the region of a writer, with what it or its predecessor has written."""
        return Region(memoryview(self._memory)[_locate(writer)])

    def read_entries(self) -> Iterator[tuple[int, str, list[float]]]:
        """Yield the writer, key and numbers of every entry."""
        for writer in self._writers:
            region = memoryview(self._memory)[_locate(writer)]
            numbers: memoryview[float] = region.cast("d")
            for key, first, count in _read_entries(region):
                yield writer, key, list(numbers[first : first + count])


class Region:
    """The region of one writer."""

    def __init__(self, region: memoryview) -> None:
        self._region = region
        self._offsets = {key: first for key, first, _ in _read_entries(region)}
        self.numbers: memoryview[float] = region.cast("d")
        """The region as numbers; those of an entry begin at the index that :meth:`reserve` returns."""

    def list_offsets(self) -> dict[str, int]:
        """Return the index of the first number of every entry."""
        return dict(self._offsets)

    def reserve(self, key: str, count: int) -> int:
        """Return the index of the first number of an entry; the entry is created if it does not exist.

        Raises:
            FullError: There is no room for the entry.
        """
        try:
            return self._offsets[key]
        except KeyError:
            first = self._offsets[key] = self._add(key.encode(), count)
            return first

    def _add(self, key: bytes, count: int) -> int:
        start: int = max(_USED.size, _USED.unpack_from(self._region)[0])
        first = start + _ENTRY.size + _round_up(len(key))
        end = first + count * _WORD
        if end > len(self._region):
            raise FullError
        _ENTRY.pack_into(self._region, start, len(key), count)
        self._region[start + _ENTRY.size : start + _ENTRY.size + len(key)] = key
        _USED.pack_into(self._region, 0, end)  # last: others read the entry from now on
        return first // _WORD


def _read_entries(region: memoryview) -> Iterator[tuple[str, int, int]]:
    """Yield the key of every entry, the index of its first number, and how many there are."""
    at, used = _USED.size, _USED.unpack_from(region)[0]
    while at < used:
        length, count = _ENTRY.unpack_from(region, at)
        first = at + _ENTRY.size + _round_up(length)
        yield bytes(region[at + _ENTRY.size : at + _ENTRY.size + length]).decode(), first // _WORD, count
        at = first + count * _WORD


def _round_up(size: int) -> int:
    return -(-size // _WORD) * _WORD


def _locate(writer: int) -> slice:
    return slice(writer * limits.METRICS_BYTES_MAX, (writer + 1) * limits.METRICS_BYTES_MAX)
