"""The default transport: HTTP/1.1 on the event loop itself.

aiohappyeyeballs tries addresses, OpenSSL does TLS, and llhttp parses responses. The exchange between them is our own:
client libraries spend most of their time there. See docs/adr/0012.

A kept connection can turn out to be closed while a request is sent. The other idle connections to that upstream were
probably dropped with it, and are closed. The request is sent once more on a new connection if its method is
idempotent (RFC 9110, 9.2.2), its body can be repeated, and no byte of a response arrived. Any other request fails,
because it may have been executed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.message_checks import STATUSES, Upload
from naftiko_runtime.http_client.native.pool import Pool
from naftiko_runtime.http_client.native.request_head import read_declared_length, write_request
from naftiko_runtime.http_client.native.response import NativeResponse
from naftiko_runtime.http_client.native.states import AWAITING, FAILED
from naftiko_runtime.http_client.routes import RouteTable
from naftiko_runtime.http_client.tunnel import PROXY_AUTHENTICATION_REQUIRED
from naftiko_runtime.upstream.url_origin import split_url

if TYPE_CHECKING:
    from naftiko_runtime.errors import UpstreamUnreachable
    from naftiko_runtime.http_client.native.connection import ClientConnection
    from naftiko_runtime.http_client.options import ClientOptions
    from naftiko_runtime.http_client.routes import UpstreamRoute
    from naftiko_runtime.upstream.interface import OutboundRequest

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_FAILURE_TABLE: Final[failures.FailureTable] = ((OSError, failures.NO_CONNECTION), (ValueError, failures.UNWRITABLE))
_FAILURES: Final = (OSError, ValueError)


class NativeClient:
    """Sends requests over connections of its own. To be created in a running loop."""

    __slots__ = ("_connect_seconds", "_pool", "_routes")

    def __init__(self, options: ClientOptions) -> None:
        """Read the files for TLS.

        Raises:
            BindError: Some are missing or broken.
        """
        self._connect_seconds = options.connect_seconds
        self._routes = RouteTable(options.proxies)
        self._pool = Pool(options)

    async def send(self, request: OutboundRequest) -> NativeResponse:
        """Send one request: see :class:`~naftiko_runtime.upstream.interface.Transport`."""
        origin, target = split_url(request.url)
        route = self._routes.find(origin)
        body = request.body
        if body is not None and not isinstance(body, bytes):
            return await self._send_stream(request, route, target, Upload(body))
        data = write_request(request, route, target, body or b"")
        bodyless = request.method == "HEAD"
        connection = self._pool.take_idle(route)
        repeatable = connection is not None and request.method in _IDEMPOTENT
        if connection is None:
            connection = await self._connect(route)
        while True:
            response = connection.response
            response.begin(bodyless=bodyless)
            connection.request.send(data)
            try:
                if response.state == AWAITING:
                    await response.change()
            except BaseException:
                self._pool.discard(connection)
                raise
            if response.state != FAILED or response.has_bytes or not repeatable:
                return self._make_response(connection, route)
            self._pool.discard(connection)
            connection, repeatable = await self._connect(route, drop_idle=True), False
            request.resend_count += 1

    async def _send_stream(
        self, request: OutboundRequest, route: UpstreamRoute, target: str, upload: Upload
    ) -> NativeResponse:
        """Send a streamed body; its response may arrive before its end."""
        body_bytes = read_declared_length(request.headers)
        head = write_request(request, route, target, None)
        connection = self._pool.take_idle(route) or await self._connect(route)
        connection.response.begin(bodyless=request.method == "HEAD")
        connection.request.begin(head, body_bytes)
        writing = asyncio.create_task(_write_body(upload, connection))
        try:
            if connection.response.state == AWAITING:
                await connection.response.change()
        except BaseException:
            writing.cancel()
            self._pool.discard(connection)
            raise
        if upload.error is not None:
            self._pool.discard(connection)
            raise upload.error from None
        return self._make_response(connection, route, writing)

    async def _connect(self, route: UpstreamRoute, *, drop_idle: bool = False) -> ClientConnection:
        try:
            return await self._pool.connect(route, drop_idle=drop_idle)
        except _FAILURES as error:
            raise explain(error, route, self._connect_seconds) from None

    def _make_response(
        self, connection: ClientConnection, route: UpstreamRoute, writing: asyncio.Task[None] | None = None
    ) -> NativeResponse:
        response = connection.response
        if response.state == FAILED:
            failure = failures.make_unreachable(route, response.failure)
        elif response.status not in STATUSES:
            failure = failures.make_unreachable(route, failures.NOT_HTTP)
        elif route.forwarded_by is not None and response.status == PROXY_AUTHENTICATION_REQUIRED:
            failure = failures.make_proxy_407_error(route, route.forwarded_by)
        else:
            return NativeResponse(connection, self._pool, route, writing)
        if writing is not None:
            writing.cancel()
        self._pool.discard(connection)
        raise failure

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def explain(error: BaseException, route: UpstreamRoute, connect_seconds: float) -> UpstreamUnreachable:
    """Return the error for an error of the system or of OpenSSL; its own text is not used."""
    return failures.explain(error, route, _FAILURE_TABLE, connect_seconds)


async def _write_body(upload: Upload, connection: ClientConnection) -> None:
    """Write a streamed body to its end; when it fails, or is of another length than declared, so does the exchange.

    What follows would otherwise be taken for the rest of it, or the rest of it for what follows.
    """
    try:
        async for piece in upload:
            if not await connection.request.write(piece):
                return
        await connection.request.end()
    except Exception:
        if upload.error is None:
            raise
        connection.response.break_off()
