"""Answers that are at hand: of a sandbox, or of an operation whose document says the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from naftiko_runtime.upstream.interface import Header


@dataclass(frozen=True, slots=True)
class Stub:
    """An answer ready to be given."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


class StubResponse:
    """A canned answer in the shape of an upstream's."""

    def __init__(self, canned: Stub) -> None:
        self._canned = canned
        self.status = canned.status
        self.headers = canned.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The whole body at once."""
        if self._canned.body:
            yield self._canned.body

    def whole(self) -> bytes:
        """The whole body."""
        return self._canned.body

    def is_complete(self) -> bool:
        """It is all here."""
        return True

    async def close(self) -> None:
        """Nothing to close."""
