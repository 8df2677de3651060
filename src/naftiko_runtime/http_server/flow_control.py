"""Flow control of a connection in both directions."""

from __future__ import annotations

import asyncio
import logging

log = logging.getLogger(__name__)


class FlowControl:
    """Lets a caller wait for the application, and the application for a caller; aborts a caller that never reads.

    Attributes:
        read_paused: Whether nothing is read from the caller.
        write_paused: Whether the caller reads more slowly than the application writes.
    """

    __slots__ = (
        "_stall_seconds",
        "_stalled_since",
        "_transport",
        "_unsent_before",
        "_writable",
        "read_paused",
        "write_paused",
    )

    def __init__(self, transport: asyncio.Transport, stall_seconds: float) -> None:
        self._transport = transport
        self._stall_seconds = stall_seconds
        self.read_paused = False
        self.write_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._unsent_before = 0
        self._stalled_since = 0.0

    def pause_reading(self) -> None:
        """Stop reading from the caller."""
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Continue reading from the caller."""
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Let the application wait in :meth:`drain`."""
        self.write_paused = True
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let the application continue: the caller has read something."""
        self.write_paused = False
        self._unsent_before = 0
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    async def drain(self) -> None:
        """Wait until the caller has read enough, or has disconnected."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def check_stall(self, now: float) -> None:
        """Abort the connection if the caller has read nothing of its response for ``stall_seconds``.

        Args:
            now: Seconds, by the event loop's clock.
        """
        unsent = self._transport.get_write_buffer_size()
        if unsent == 0 or unsent < self._unsent_before or self._unsent_before == 0:
            self._stalled_since = now
        elif now - self._stalled_since > self._stall_seconds:
            log.info("response not read by the caller", extra={"unsent_bytes": unsent})
            self._transport.abort()
        self._unsent_before = unsent
