"""Which nonces of digest authentication were answered, and how often: in one process, or by several together."""

from __future__ import annotations

import mmap
import secrets
import struct
from collections import OrderedDict
from hashlib import blake2b
from typing import Final, Protocol

from naftiko_runtime.limits import DIGEST_NONCES_MAX
from naftiko_runtime.process_lock import Exclusion


class NonceBook(Protocol):
    """Remembers nonces that were answered."""

    @property
    def key(self) -> bytes:
        """What nonces are signed with."""

    def counts_up(self, nonce: str, made: float, count: int) -> bool:
        """Note an answer; returns whether it is one that was not seen before.

        Args:
            nonce: Which one is answered.
            made: When it was given out.
            count: How often it was answered, as the caller counts.
        """


class OwnNonces:
    """Those of one guard in one process; when they are too many, the oldest are forgotten and no longer accepted."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten_before = 0.0

    def counts_up(self, nonce: str, made: float, count: int) -> bool:
        """See :class:`NonceBook`."""
        if made < self._forgotten_before or count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        if len(self._counts) > DIGEST_NONCES_MAX:
            oldest, _ = self._counts.popitem(last=False)
            self._forgotten_before = max(self._forgotten_before, float(oldest.partition("-")[0]) + 0.001)
        return True


_ENTRY: Final = struct.Struct("=QdQ")
"""A nonce's tag, when it was made, and its highest count."""
_WAYS: Final = 8
_SETS: Final = 2 * DIGEST_NONCES_MAX // _WAYS
_SET_BYTES: Final = _ENTRY.size * (_WAYS + 1)
"""Entries, before them one whose time is the one before which nonces of this set are forgotten."""


class SharedNonces:
    """Those of all guards in all processes that are forked from the one that makes this.

    A table in shared memory. A nonce has its place in one of many small sets; in a full one the oldest gives way.
    """

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self._table = mmap.mmap(-1, _SETS * _SET_BYTES)
        self._alone = Exclusion()

    def counts_up(self, nonce: str, made: float, count: int) -> bool:
        """See :class:`NonceBook`."""
        tag = int.from_bytes(blake2b(nonce.encode("latin-1", "replace"), digest_size=8).digest())
        first = tag % _SETS * _SET_BYTES
        with self._alone:
            _, forgotten_before, _ = _ENTRY.unpack_from(self._table, first)
            places = range(first + _ENTRY.size, first + _SET_BYTES, _ENTRY.size)
            entries = [(place, *_ENTRY.unpack_from(self._table, place)) for place in places]
            own = next((entry for entry in entries if entry[1] == tag), None)
            place, was, oldest, highest = own or min(entries, key=lambda entry: entry[2])
            if own is None and was:
                forgotten_before = max(forgotten_before, oldest + 0.001)
                _ENTRY.pack_into(self._table, first, 0, forgotten_before, 0)
            if made < forgotten_before or (own is not None and count <= highest):
                return False
            _ENTRY.pack_into(self._table, place, tag, made, count)
            return True
