"""The request's half of a connection: its states are ``NOTHING``, ``WRITING`` and ``WRITTEN``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_client.native.states import COMPLETE, FAILED, NOTHING, WRITING, WRITTEN

if TYPE_CHECKING:
    import asyncio

    from naftiko_runtime.http_client.native.response_reader import ResponseReader

_LAST_CHUNK: Final = b"0\r\n\r\n"


class RequestWriter:
    """Writes one request after the other.

    Attributes:
        state: One of the request's states.
        unwritten_bytes: The rest of the declared length; None for a body in chunks.
        transport: The connection.
    """

    __slots__ = ("_loop", "_response", "_writable", "state", "transport", "unwritten_bytes")

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, response: ResponseReader) -> None:
        self._loop = loop
        self._response = response
        self._writable: asyncio.Future[None] | None = None
        self.state = NOTHING
        self.unwritten_bytes: int | None = 0

    def send(self, data: bytes) -> None:
        """Write a whole request: its head, and its body if it has one."""
        self.state = WRITTEN
        self.transport.write(data)

    def begin(self, head: bytes, body_bytes: int | None) -> None:
        """Write a head; the body follows by :meth:`write` and :meth:`end`.

        Args:
            head: The head.
            body_bytes: The declared length of the body; None for a body in chunks.
        """
        self.state = WRITING
        self.unwritten_bytes = body_bytes
        self.transport.write(head)

    async def write(self, piece: bytes) -> bool:
        """Write a piece of the body, when the upstream can take it; return whether more can be sent."""
        if self._writable is not None:
            await self._writable
        if not self._takes_body():
            return False
        if self.unwritten_bytes is None:
            self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            return True
        self.unwritten_bytes -= len(piece)
        if self.unwritten_bytes < 0:
            self._response.break_off()
            return False
        self.transport.write(piece)
        return True

    async def end(self) -> None:
        """End the body; break the exchange off if the body was too short."""
        if self.unwritten_bytes:
            self._response.break_off()
            return
        if self.unwritten_bytes is None:
            if self._writable is not None:
                await self._writable
            if not self._takes_body():
                return
            self.transport.write(_LAST_CHUNK)
        if self._takes_body():
            self.state = WRITTEN
            if self._response.state == COMPLETE:
                # The upstream may drop the end of this request, or read it as the next one.
                self._response.reusable = False

    def _takes_body(self) -> bool:
        """Return whether the body can still be sent; a complete response does not end it."""
        return self.state == WRITING and self._response.state != FAILED and not self.transport.is_closing()

    def pause(self) -> None:
        """Let writers wait: the upstream reads more slowly than it is written."""
        self._writable = self._loop.create_future()

    def resume(self) -> None:
        """Let writers continue, also when the connection is lost."""
        if self._writable is not None:
            if not self._writable.done():
                self._writable.set_result(None)
            self._writable = None
