"""One HTTP/1.1 connection to an upstream, on the loop itself: llhttp reads it, nothing stands in between.

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
"""What loops read into. One for all connections, since the parser takes what it keeps before anything else is read."""


class Connection(UpstreamProtocol, asyncio.BufferedProtocol):
    """One connection; whoever takes it from the pool has it alone until it is given back or closed.

    Attributes:
        request: Writes requests.
        response: Reads responses.
        idle_since: When its last exchange ended, by the loop's clock.
    """

    __slots__ = ("_below", "_lost", "_transport", "idle_since", "request", "response")

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[Connection], None]) -> None:
        """Make the protocol of a connection that is about to be opened.

        Args:
            loop: The running one.
            lost: Called once, when the connection is gone.
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
        """Whether an exchange may begin."""
        return self.response.state == NONE and not self._transport.is_closing()

    def release(self) -> bool:
        """End the exchange; whether the connection may carry another one. Otherwise it is closed.

        It may if the request was written in full before the response was complete, the response was read in full,
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
        """Whether nothing of the exchange is left over: unread, unsent, or on a connection that is going."""
        transport = self._transport
        if self.response.body.is_paused or transport.get_write_buffer_size() or transport.is_closing():
            return False
        return not self._below or all(not below.get_write_buffer_size() for below in self._below)

    def close(self) -> None:
        """Close at once: what is still to be sent or received is of no use to anybody."""
        self.response.close()

    # -- what the loop calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._use(transport)

    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Go on encrypted; to be called before the first exchange."""
        self._below += (self._transport,)
        self._use(transport)

    def _use(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self.request.transport = cast("asyncio.Transport", transport)
        self.response.transport = self.response.body.transport = self._transport

    def get_buffer(self, _: int) -> memoryview:
        """Where to read to."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes were read."""
        self.response.feed(_BUFFER[:nbytes])

    def eof_received(self) -> None:
        """The upstream ends its side."""
        self.response.end()

    def connection_lost(self, _: Exception | None) -> None:
        """The connection is gone."""
        self.response.lose()
        self.request.resume()
        self._lost(self)

    def pause_writing(self) -> None:
        """The upstream does not take what is sent as fast as it is given."""
        self.request.pause()

    def resume_writing(self) -> None:
        """The upstream takes more again."""
        self.request.resume()
