"""The inner part of a large body: read by nobody's parser into one buffer, and lent out of it instead of copied.

A parser that has been told a body's length only counts, and copies what it counts. So all but the end of a large body
goes past it; the end is again its own, so that what comes behind the body is judged as ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from naftiko_runtime import limits

if TYPE_CHECKING:
    from naftiko_runtime.http_server.connection import Connection


class LargeBody(asyncio.BufferedProtocol):
    """Stands in for a connection's protocol while so many bytes come that are all of one body."""

    __slots__ = ("_buffer", "_end", "_lent", "_protocol", "_start", "left_bytes")

    def __init__(self, protocol: Connection, left_bytes: int, first: bytes) -> None:
        """Begin with what has come and was not given to the application.

        Args:
            protocol: Whose connection it is; it hears of all but the bytes.
            left_bytes: How many come to here.
            first: What has come before; less than the buffer holds.
        """
        self._protocol = protocol
        self.left_bytes = left_bytes
        self._buffer = memoryview(bytearray(limits.REQUEST_READ_BYTES_MAX))
        self._buffer[: len(first)] = first
        self._start, self._end = 0, len(first)
        self._lent: memoryview | None = None

    # -- what the loop tells --------------------------------------------------------------------------------------

    def get_buffer(self, _: int) -> memoryview:
        """What is free behind what was read, but no further than to this part's end."""
        return self._buffer[self._end : self._end + self.left_bytes]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes of the body were read."""
        self._end += nbytes
        self.left_bytes -= nbytes
        if self._end == len(self._buffer):
            self._protocol.pause_reading()
        self._protocol.on_large_body()

    def eof_received(self) -> bool:
        """The caller ends its side."""
        return self._protocol.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._protocol.connection_lost(error)

    def pause_writing(self) -> None:
        """The caller does not read as fast as is written."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._protocol.resume_writing()

    # -- what the request asks ------------------------------------------------------------------------------------

    def lend(self) -> memoryview | None:
        """All that was read and not given, if anything; good until :meth:`take_back`."""
        if self._start == self._end:
            return None
        self._lent = self._buffer[self._start : self._end]
        self._start = self._end
        return self._lent

    def take_back(self) -> bool:
        """End what was lent, which nobody can read any more; whether there is room to read on."""
        if self._lent is not None:
            self._lent.release()
            self._lent = None
        if self._start == self._end:
            self._start = self._end = 0
        return self._end < len(self._buffer)
