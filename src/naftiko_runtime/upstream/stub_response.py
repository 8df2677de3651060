"""Stub responses: of a sandbox, or of a mock, whose response is in the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from naftiko_runtime.upstream.interface import Header


@dataclass(frozen=True, slots=True)
class Stub:
    """A response that is ready to be sent."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


class StubResponse:
    """A stub in the form of an upstream response."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self.status = stub.status
        self.headers = stub.headers

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the whole body, if there is one."""
        if self._stub.body:
            yield self._stub.body

    def read_whole(self) -> bytes:
        """Return the whole body."""
        return self._stub.body

    def is_complete(self) -> bool:
        """Return true: a stub has its whole body."""
        return True

    async def close(self) -> None:
        """Do nothing: a stub holds no connection."""
