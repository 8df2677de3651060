"""The nonces of digest authentication: the key that signs them, and the counts with which they were used."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.limits import DIGEST_NONCES_MAX

if TYPE_CHECKING:
    import secrets
else:
    secrets = import_lazily("secrets")


class NonceCache:
    """Rejects replays within one process.

    A process that forks shares the key with its children, so each accepts the nonces of the others.
    Each process has its own counts: in another process, a response may work again until its nonce expires.
    """

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        """What nonces are signed with."""
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten_before = 0.0

    def accept(self, nonce: str, issued_seconds: float, count: int) -> bool:
        """Record a response. Return false if it was seen before, or if its nonce may have been forgotten.

        Args:
            nonce: The nonce of the response.
            issued_seconds: When it was issued, by the clock of its guard.
            count: How often the caller says that it used the nonce (``nc``).
        """
        if issued_seconds < self._forgotten_before or count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        if len(self._counts) > DIGEST_NONCES_MAX:
            oldest, _ = self._counts.popitem(last=False)
            self._forgotten_before = max(self._forgotten_before, float(oldest.partition("-")[0]) + 0.001)
        return True
