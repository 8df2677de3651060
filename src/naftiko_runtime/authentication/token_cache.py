"""A bounded cache of what is known of tokens. Its keys are digests: it keeps no token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from naftiko_runtime.lazy_import import import_lazily

if TYPE_CHECKING:
    import hashlib
else:
    hashlib = import_lazily("hashlib")

R = TypeVar("R")


def _compute_digest(token: bytes) -> bytes:
    """Return a digest; BLAKE2 takes a third of the instructions of SHA-256, on every request."""
    return hashlib.blake2b(token, digest_size=32).digest()


class TokenResults(Generic[R]):
    """Results of checks, such as identities, by the digest of the token. If it is full, the oldest entry makes room."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._entries: dict[bytes, tuple[R, float]] = {}

    def find(self, token: bytes, now: float) -> R | None:
        """Return the result for a token, if there is one that may still be used."""
        digest = _compute_digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if now >= entry[1]:
            del self._entries[digest]
            return None
        return entry[0]

    def add(self, token: bytes, result: R, until: float) -> None:
        """Keep the result for a token until a time."""
        digest = _compute_digest(token)
        self._entries.pop(digest, None)
        if len(self._entries) >= self._entries_max:
            del self._entries[next(iter(self._entries))]
        self._entries[digest] = result, until

    def clear(self) -> None:
        """Forget every token."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
