"""Tunnels through HTTP proxies (``CONNECT``; RFC 9110, 9.3.6)."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, cast

from naftiko_runtime import limits
from naftiko_runtime.http_client.routes import make_proxy_authorization

if TYPE_CHECKING:
    from naftiko_runtime.http_client.proxies import Proxy
    from naftiko_runtime.upstream.url_origin import Origin

_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_HEAD_END: Final = b"\r\n\r\n"
_INTERIM: Final = range(100, 200)
_OPENED: Final = range(200, 300)
PROXY_AUTHENTICATION_REQUIRED: Final = 407


class UpstreamProtocol(asyncio.BaseProtocol, ABC):
    """The protocol of a connection to an upstream."""

    @abstractmethod
    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Continue over an encrypted transport, on top of the previous one."""


class ProxyError(ConnectionError):
    """A proxy was not reached, or opened no tunnel.

    Attributes:
        why: What the proxy did, for the log.
        cause: The error of the connection to it, instead of ``why``.
    """

    def __init__(self, why: str, cause: OSError | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.cause = cause  # which libraries do not keep as __cause__


class ProxyHandshake(UpstreamProtocol, asyncio.Protocol):
    """A connection to a proxy, until it is ready for its own protocol.

    It reads exactly the head of the proxy's response: what follows belongs to that protocol.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._received = bytearray()
        self._status: asyncio.Future[int] = loop.create_future()
        self._layers: list[asyncio.Transport] = []
        """The TCP connection, and what TLS makes of it."""

    # The loop calls these four: see asyncio.Protocol.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.secure(transport)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._received += data
        try:
            status = self._read_head()
        except ProxyError as error:
            self._fail(error)
            return
        if status is not None and not self._status.done():
            self._layers[-1].pause_reading()
            self._status.set_result(status)

    def eof_received(self) -> None:  # noqa: D102
        self._fail(ProxyError("it closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102
        self._fail(ProxyError("it closed the connection"))

    def _fail(self, error: ProxyError) -> None:
        if not self._status.done():
            self._status.set_exception(error)
            self._status.exception()  # perhaps nothing waits for it

    def _read_head(self) -> int | None:
        """Parse a head; return its status, or None while it is not complete."""
        while (end := self._received.find(_HEAD_END)) >= 0:
            match = _STATUS.match(self._received)
            if match is None:
                break
            status = int(match[1])
            del self._received[: end + len(_HEAD_END)]
            if status not in _INTERIM:
                return status
        if end >= 0 or len(self._received) > limits.UPSTREAM_HEAD_BYTES_MAX:
            raise ProxyError("its response to CONNECT is not valid HTTP")
        return None

    def secure(self, transport: asyncio.BaseTransport) -> None:
        """Continue over an encrypted transport."""
        self._layers.append(cast("asyncio.Transport", transport))

    async def open_tunnel(self, proxy: Proxy, origin: Origin) -> None:
        """Request a tunnel to an origin.

        Raises:
            ProxyError: The proxy does not open one.
        """
        head = f"CONNECT {origin.peer} HTTP/1.1\r\nhost: {origin.peer}\r\n".encode()
        credentials = b"".join(b"%b: %b\r\n" % header for header in make_proxy_authorization(proxy))
        self._layers[-1].write(head + credentials + b"\r\n")
        status = await self._status
        if status == PROXY_AUTHENTICATION_REQUIRED:
            raise ProxyError(explain_407(proxy))
        if status not in _OPENED:
            raise ProxyError(f"it responded to CONNECT with the status {status}")

    def hand_over(self, protocol: UpstreamProtocol) -> asyncio.Transport:
        """Pass the connection to its own protocol; return the transport.

        Raises:
            ProxyError: The proxy sent unexpected bytes. They would be read as a part of what follows.
        """
        transport = self._layers[-1]
        if transport.is_closing():
            raise ProxyError("it closed the connection")
        if self._received:
            raise ProxyError("it sent unexpected bytes")
        transport.pause_reading()
        transport.set_protocol(protocol)
        protocol.connection_made(self._layers[0])
        for layer in self._layers[1:]:
            protocol.secure(layer)
        transport.resume_reading()
        return transport


def explain_407(proxy: Proxy) -> str:
    """Return why a proxy asks for a user, for the log."""
    return "it rejects the user or password (407)" if proxy.authorization else "it requires a user and password (407)"
