"""TCP and TLS connections for httpcore2, on asyncio only.

The layer of httpcore2 for several event loops costs a fifth more, and under TLS it does not notice bytes that
arrive while a connection is idle.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

import httpcore2

from naftiko_runtime import limits
from naftiko_runtime.http_client.connector import start_tls
from naftiko_runtime.http_client.tunnel import UpstreamProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.http_client.connector import Connector
    from naftiko_runtime.http_client.routes import UpstreamRoute


class NetworkBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections of one route, without the layer that httpcore2 has for other loops."""

    def __init__(self, connector: Connector, route: UpstreamRoute) -> None:
        self._connector = connector
        self._route = route

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the route knows it
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """Open a connection to the origin, directly or through its proxy."""
        async with asyncio.timeout(timeout):
            _, stream = await self._connector.connect(self._route, Stream)
        return stream


class Stream(UpstreamProtocol, asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection, which notices bytes as soon as they arrive.

    It ignores timeouts (the client sets only the one for connecting).
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._ended = False
        self._end_was_read = False
        self._is_lost = False
        self._error: Exception | None = None
        self._incoming = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # The loop calls these six: see asyncio.Protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.secure(transport)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._buffer += data
        if len(self._buffer) > limits.UPSTREAM_BUFFERED_BYTES_MAX:
            self._transport.pause_reading()
        self._incoming.set()

    def eof_received(self) -> None:  # noqa: D102
        self._ended = True
        self._incoming.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._error = exc
        self._ended = self._is_lost = True
        self._incoming.set()
        self._writable.set()

    def pause_writing(self) -> None:  # noqa: D102
        self._writable.clear()

    def resume_writing(self) -> None:  # noqa: D102
        self._writable.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Wait for bytes and return them; return nothing at the end, and raise an error after it.

        A read at the end does not wait, so a caller that continued to read would block the event loop.
        """
        if not self._buffer and not self._ended:
            self._incoming.clear()
            await self._incoming.wait()
        if not self._buffer and (self._error is not None or self._end_was_read):
            raise httpcore2.ReadError
        self._end_was_read = not self._buffer
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if not self._buffer and not self._ended:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Send bytes, when the other side can take them."""
        await self._writable.wait()
        if self._transport.is_closing():
            raise httpcore2.WriteError
        self._transport.write(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
    ) -> httpcore2.AsyncNetworkStream:
        """Start TLS.

        Raises:
            ssl.SSLError: TLS failed, or plain bytes arrived before it, which would be read as if they were encrypted.
        """
        if self._buffer:
            self._transport.abort()
            raise ssl.SSLError
        async with asyncio.timeout(timeout):
            await start_tls(self._transport, self, ssl_context, server_hostname)
        return self

    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Continue over an encrypted transport."""
        self._transport = cast("asyncio.Transport", transport)

    def get_extra_info(self, info: str) -> object:
        """Return information; ``is_readable`` says whether bytes, or the end, have arrived."""
        if info == "is_readable":
            return bool(self._buffer) or self._ended or self._transport.is_closing()
        return self._transport.get_extra_info(info)

    async def aclose(self) -> None:
        """Close at once; there is nothing left to send."""
        self._ended = True
        if not self._is_lost:  # asyncio fails to abort some transports that are closed
            self._transport.abort()
