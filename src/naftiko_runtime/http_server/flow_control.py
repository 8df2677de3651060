"""The pace of a connection: who waits for whom, in both directions."""

from __future__ import annotations

import asyncio
import logging

from naftiko_runtime import limits

log = logging.getLogger(__name__)


class FlowControl:
    """Lets a caller wait for the application, and the application for a caller; gives up a caller that never reads.

    Attributes:
        read_paused: Whether what a caller sends waits.
        write_paused: Whether a caller does not read as fast as is written.
    """

    __slots__ = ("_stalled_since", "_transport", "_unsent_before", "_writable", "read_paused", "write_paused")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.read_paused = False
        self.write_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._unsent_before = 0
        self._stalled_since = 0.0

    def pause_reading(self) -> None:
        """Let what a caller sends wait."""
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """Let the application wait."""
        self.write_paused = True
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let the application write on: the caller has read on, if perhaps no more than was written meanwhile."""
        self.write_paused = False
        self._unsent_before = 0
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    async def drain(self) -> None:
        """Wait until the caller has read on, or is gone."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def check_stall(self, now: float) -> None:
        """Give up a caller that has not read any of its response for too long."""
        unsent = self._transport.get_write_buffer_size()
        if unsent == 0 or unsent < self._unsent_before or self._unsent_before == 0:
            self._stalled_since = now
        elif now - self._stalled_since > limits.WRITE_STALL_SECONDS:
            log.info("answer not read by its caller", extra={"unsent_bytes": unsent})
            self._transport.abort()
        self._unsent_before = unsent
