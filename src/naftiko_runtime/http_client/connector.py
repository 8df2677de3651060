"""Connections to origins: to the first address that accepts, directly or through a proxy."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, TypeVar, cast

from aiohappyeyeballs import start_connection

from naftiko_runtime import limits
from naftiko_runtime.http_client.resolver import Resolver
from naftiko_runtime.http_client.socket_options import limit_unsent
from naftiko_runtime.http_client.tunnel import ProxyError, ProxyHandshake, UpstreamProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.http_client.certificates import TlsContexts
    from naftiko_runtime.http_client.proxies import Proxy
    from naftiko_runtime.http_client.routes import UpstreamRoute
    from naftiko_runtime.upstream.url_origin import Origin

ProtocolT = TypeVar("ProtocolT", bound=UpstreamProtocol)


class Connector:
    """Opens connections. Create it in a running loop."""

    __slots__ = ("_contexts", "_loop", "_resolver")

    def __init__(self, contexts: TlsContexts) -> None:
        self._contexts = contexts
        self._loop = asyncio.get_running_loop()
        self._resolver = Resolver()

    async def connect(
        self, route: UpstreamRoute, make_protocol: Callable[[], ProtocolT]
    ) -> tuple[asyncio.Transport, ProtocolT]:
        """Open a connection on which the next byte goes to the origin, or to the proxy that forwards to it.

        TLS with the origin has not started.

        Raises:
            ProxyError: The proxy was not reached, or opened no tunnel.
            OSError: The connection failed.
        """
        if route.proxy is None:
            return await self._connect(route.origin, make_protocol)
        try:
            return await self._connect_to_proxy(route, route.proxy, make_protocol)
        except ProxyError:
            raise
        except OSError as error:  # TLS errors as well
            raise ProxyError("", error) from None

    async def start_tls(self, transport: asyncio.Transport, protocol: UpstreamProtocol, origin: Origin) -> None:
        """Start TLS with an origin.

        Raises:
            ssl.SSLError: TLS failed, or the origin closed the connection.
        """
        await start_tls(transport, protocol, self._contexts.get_upstream_context(), origin.host)

    def close(self) -> None:
        """Cancel the name lookups in progress."""
        self._resolver.close()

    async def _connect(
        self, origin: Origin, make_protocol: Callable[[], ProtocolT]
    ) -> tuple[asyncio.Transport, ProtocolT]:
        addresses = await self._resolver.resolve(origin.host, origin.port)
        connected = await start_connection(addresses, happy_eyeballs_delay=limits.UPSTREAM_NEXT_ADDRESS_SECONDS)
        limit_unsent(connected)
        try:
            return await self._loop.create_connection(make_protocol, sock=connected)
        except BaseException:
            connected.close()
            raise

    async def _connect_to_proxy(
        self, route: UpstreamRoute, proxy: Proxy, make_protocol: Callable[[], ProtocolT]
    ) -> tuple[asyncio.Transport, ProtocolT]:
        transport, handshake = await self._connect(proxy.origin, lambda: ProxyHandshake(self._loop))
        try:
            if proxy.origin.scheme == "https":
                await start_tls(transport, handshake, self._contexts.get_proxy_context(), proxy.origin.host)
            if route.forwarded_by is None:
                await handshake.open_tunnel(proxy, route.origin)
            protocol = make_protocol()
            return handshake.hand_over(protocol), protocol
        except BaseException:
            transport.abort()
            raise


async def start_tls(
    transport: asyncio.Transport, protocol: UpstreamProtocol, context: ssl.SSLContext, host: str | None
) -> None:
    """Start TLS; the other side must have a certificate of the host.

    Raises:
        ssl.SSLError: TLS failed, or the other side closed the connection.
    """
    loop = asyncio.get_running_loop()
    try:
        encrypted = await loop.start_tls(transport, protocol, context, server_hostname=host)
    except BaseException as error:
        transport.abort()
        if isinstance(error, ConnectionError):
            raise ssl.SSLError from None  # the other side closed the connection
        raise
    protocol.secure(cast("asyncio.Transport", encrypted))
