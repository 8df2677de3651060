"""One HTTP/1.1 connection to an upstream, directly on the event loop and parsed by llhttp.

It carries one exchange at a time and is two state machines, one for each direction: see docs/adr/0015. No byte of one
exchange is ever read or written as part of another: a connection carries another exchange only if the request was
written in full and the response was read in full; any other connection is closed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from naftiko_runtime import limits
from naftiko_runtime.http_client.native.request_writer import RequestWriter
from naftiko_runtime.http_client.native.response_reader import ResponseReader
from naftiko_runtime.http_client.native.states import COMPLETE, NONE, NOTHING, WRITTEN
from naftiko_runtime.http_client.tunnel import UpstreamProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

_BUFFER: Final = memoryview(bytearray(limits.UPSTREAM_READ_BYTES_MAX))
"""The read buffer. All connections share it: the parser copies what it keeps before the next read."""


class ClientConnection(UpstreamProtocol, asyncio.BufferedProtocol):
    """One connection; its user has it alone until it is given back to the pool or closed.

    Attributes:
        request: Writes requests.
        response: Reads responses.
        idle_since: When its last exchange ended, by the loop's clock.
    """

    __slots__ = ("_below", "_lost", "_transport", "idle_since", "request", "response")

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[ClientConnection], None]) -> None:
        """Make the protocol of a connection that is about to be opened.

        Args:
            loop: The running one.
            lost: Called once, when the connection is lost.
        """
        self._lost = lost
        self._below: tuple[asyncio.Transport, ...] = ()
        """The transports below TLS."""
        self.response = ResponseReader(loop)
        self.request = RequestWriter(loop, self.response)
        self.idle_since = 0.0

    # -- an exchange ----------------------------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether an exchange can begin."""
        return self.response.state == NONE and not self._transport.is_closing()

    def release(self) -> bool:
        """End the exchange; return whether the connection can carry another one. Otherwise it is closed.

        It can if the request was written in full before the response was complete, the response was read in full,
        both sides keep the connection, and nothing is left over: unread, unsent, or after the response.
        """
        request, response = self.request, self.response
        if response.state == COMPLETE and request.state == WRITTEN and response.reusable and self._is_quiet():
            request.state = NOTHING
            response.finish()
            return True
        response.close()
        return False

    def _is_quiet(self) -> bool:
        """Return whether nothing is unread or unsent, and the connection is not closing."""
        transport = self._transport
        if self.response.body.is_paused or transport.get_write_buffer_size() or transport.is_closing():
            return False
        return not self._below or all(not below.get_write_buffer_size() for below in self._below)

    def close(self) -> None:
        """Close at once; unsent and unread bytes are dropped."""
        self.response.close()

    # -- what the loop calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the transport."""
        self._use(transport)

    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Continue over TLS. Call this before the first exchange."""
        self._below += (self._transport,)
        self._use(transport)

    def _use(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self.request.transport = cast("asyncio.Transport", transport)
        self.response.transport = self.response.body.transport = self._transport

    def get_buffer(self, _: int) -> memoryview:
        """Return the read buffer."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Parse the bytes that were read."""
        self.response.feed(_BUFFER[:nbytes])

    def eof_received(self) -> None:
        """Handle the end of the upstream's side."""
        self.response.end()

    def connection_lost(self, _: Exception | None) -> None:
        """End the exchange: the connection is lost."""
        self.response.lose()
        self.request.resume()
        self._lost(self)

    def pause_writing(self) -> None:
        """Pause the request: the upstream reads more slowly than it is written."""
        self.request.pause()

    def resume_writing(self) -> None:
        """Continue the request."""
        self.request.resume()
