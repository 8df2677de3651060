"""The part of a response body that has arrived and is not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits

if TYPE_CHECKING:
    import asyncio

_SMALL_BYTES: Final = 1024
_LARGE_BYTES: Final = 16 * 1024


class BodyBuffer:
    """Pieces of one body. While it holds too many bytes, the connection is not read.

    Attributes:
        pieces: The pieces, oldest first.
        is_paused: Whether the connection waits for the reader of the body.
        transport: The connection.
    """

    __slots__ = ("_held_bytes", "is_paused", "pieces", "transport")

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_paused = False
        self.clear()

    def clear(self) -> None:
        """Drop all pieces."""
        self.pieces: list[bytes | bytearray] = []
        self._held_bytes = 0

    def append(self, data: bytes) -> None:
        """Hold a piece until it is taken."""
        if self.pieces:
            self._append_to_others(data)
        else:
            self.pieces.append(data)
            self._held_bytes = len(data)
        if self._held_bytes > limits.UPSTREAM_BUFFERED_BYTES_MAX and not self.is_paused:
            self.is_paused = True
            self.transport.pause_reading()

    def _append_to_others(self, data: bytes) -> None:
        """Join small pieces: each object takes more memory than its bytes."""
        self._held_bytes += len(data)
        last = self.pieces[-1]
        if len(data) >= _SMALL_BYTES:
            self.pieces.append(data)
        elif isinstance(last, bytearray) and len(last) < _LARGE_BYTES:
            last += data
        else:
            self.pieces.append(bytearray(data))

    def take(self) -> bytes:
        """Take the next piece: a large one by itself, small ones together."""
        if len(self.pieces) == 1 or len(self.pieces[0]) <= _LARGE_BYTES:
            return self.take_all()
        piece = self.pieces.pop(0)
        self._held_bytes -= len(piece)
        return bytes(piece)

    def take_all(self) -> bytes:
        """Take everything; the connection is read again."""
        pieces, self.pieces, self._held_bytes = self.pieces, [], 0
        if self.is_paused:
            self.is_paused = False
            self.transport.resume_reading()
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)
