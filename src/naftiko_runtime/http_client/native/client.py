"""The default transport: HTTP/1.1 on the event loop itself.

Addresses are tried as aiohappyeyeballs does it, TLS is OpenSSL's, answers are read by llhttp; what is ours is the
exchange between them, which client libraries spend most of their time on. See docs/adr/0012.

A kept connection can turn out to be closed while a request is on its way. The request is then sent once more on a new
one, if its method is idempotent (RFC 9110, 9.2.2), its body can be repeated, and no byte of an answer came; any other
request fails, because nobody can know whether it was carried out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.messages import (
    METHODS_WITHOUT_BODY,
    STATUSES,
    Upload,
    drop_undecodable_headers,
)
from naftiko_runtime.http_client.native.connection import AWAITING, COMPLETE, FAILED
from naftiko_runtime.http_client.native.pool import Pool
from naftiko_runtime.http_client.routes import RouteTable
from naftiko_runtime.http_client.tunnel import PROXY_AUTHENTICATION_REQUIRED
from naftiko_runtime.transport.origin import split_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.errors import UpstreamUnreachable
    from naftiko_runtime.http_client.native.connection import Connection
    from naftiko_runtime.http_client.options import ClientOptions
    from naftiko_runtime.http_client.routes import Route
    from naftiko_runtime.transport.base import Header, OutboundRequest

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_FAILURE_TABLE: Final[failures.FailureTable] = ((OSError, failures.NO_CONNECTION), (ValueError, failures.UNWRITABLE))
_FAILURES: Final = (OSError, ValueError)
_LENGTHS: Final = range(2**63)
_NUL: Final = 0
"""As a number: looking for bytes in bytes makes an exception that nobody sees, which takes as long as the rest."""
_LINE: Final = b": ".join


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
        """Send one request: see :class:`~naftiko_runtime.transport.base.Transport`."""
        origin, target = split_url(request.url)
        route = self._routes.find(origin)
        body = request.body
        if body is not None and not isinstance(body, bytes):
            return await self._send_stream(request, route, target, Upload(body))
        data = _head(request, route, target, body or b"")
        bodyless = request.method == "HEAD"
        connection = self._pool.idle(route)
        repeatable = connection is not None and request.method in _IDEMPOTENT
        while True:
            if connection is None:
                connection = await self._connected(route)
            connection.send_request(data, bodyless=bodyless)
            try:
                if connection.response_state == AWAITING:
                    await connection.change()
            except BaseException:
                connection.close()
                raise
            if connection.response_state != FAILED or connection.answered or not repeatable:
                return self._response(connection, route)
            connection, repeatable = None, False

    async def _send_stream(self, request: OutboundRequest, route: Route, target: str, upload: Upload) -> NativeResponse:
        """Send a body as it comes; its answer may come before its end."""
        body_bytes = _announced(request.headers)
        head = _head(request, route, target, None)
        connection = self._pool.idle(route) or await self._connected(route)
        connection.begin_request(head, body_bytes, bodyless=request.method == "HEAD")
        writing = asyncio.create_task(_write_body(upload, connection))
        try:
            if connection.response_state == AWAITING:
                await connection.change()
        except BaseException:
            writing.cancel()
            connection.close()
            raise
        if upload.error is not None:
            connection.close()
            raise upload.error from None
        return self._response(connection, route, writing)

    async def _connected(self, route: Route) -> Connection:
        try:
            return await self._pool.connect(route)
        except _FAILURES as error:
            raise explain(error, route, self._connect_seconds) from None

    def _response(
        self, connection: Connection, route: Route, writing: asyncio.Task[None] | None = None
    ) -> NativeResponse:
        if connection.response_state == FAILED:
            if writing is not None:
                writing.cancel()
            raise failures.make_unreachable(route, connection.failure)
        if connection.status not in STATUSES:
            if writing is not None:
                writing.cancel()
            connection.close()
            raise failures.make_unreachable(route, failures.NOT_HTTP)
        if route.forwarded_by is not None and connection.status == PROXY_AUTHENTICATION_REQUIRED:
            if writing is not None:
                writing.cancel()
            connection.close()
            raise failures.explain_407(route, route.forwarded_by)
        return NativeResponse(connection, self._pool, route, writing)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class NativeResponse:
    """An answer whose head has arrived: see :class:`~naftiko_runtime.transport.base.UpstreamResponse`."""

    __slots__ = ("_asked", "_connection", "_pool", "_route", "_writing", "headers", "status")

    headers: Sequence[Header]
    status: int

    def __init__(self, connection: Connection, pool: Pool, route: Route, writing: asyncio.Task[None] | None) -> None:
        self._connection = connection
        self._pool = pool
        self._route = route
        self._writing = writing
        self._asked = False
        self.status = connection.status
        self.headers = connection.headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        if self._asked:
            raise RuntimeError("a body is given once")
        self._asked = True
        return self._read()

    def whole(self) -> bytes | None:
        """The whole body, if it is here."""
        if self._asked:
            raise RuntimeError("a body is given once")
        if self._connection.response_state != COMPLETE:
            return None
        self._asked = True
        return self._connection.rest()

    async def _read(self) -> AsyncIterator[bytes]:
        connection = self._connection
        while True:
            if connection.chunks:
                yield connection.piece()
            elif connection.response_state == COMPLETE:
                return
            elif connection.response_state == FAILED:
                raise failures.make_unreachable(self._route, failures.BROKEN_OFF)
            else:
                await connection.change()

    def finished(self) -> bool:
        """Whether the whole body has arrived, and all of it was given."""
        return self._connection.response_state == COMPLETE and not self._connection.chunks

    async def close(self) -> None:
        """Give the connection back, or close it when the answer, or the request, is not complete."""
        if self._writing is not None and not self._writing.done():
            self._writing.cancel()
            self._connection.close()
        self._pool.give_back(self._connection)


def explain(error: BaseException, route: Route, connect_seconds: float) -> UpstreamUnreachable:
    """What an error of the system or of OpenSSL means; told without its own words."""
    return failures.explain(error, route, _FAILURE_TABLE, connect_seconds)


def _head(request: OutboundRequest, route: Route, target: str, body: bytes | None) -> bytes:
    """A request in wire form: its head, and its body unless that is a stream.

    Raises:
        UpstreamUnreachable: The head would hold a line end, or a NUL, that is not ours.
    """
    head = _written(request, request.headers, route, target, body)
    if not head.isascii():
        head = _written(request, drop_undecodable_headers(request.headers), route, target, body)
    return head + body if body else head


def _written(
    request: OutboundRequest, headers: Sequence[Header], route: Route, target: str, body: bytes | None
) -> bytes:
    names = dict(headers)
    lines = list(map(_LINE, headers))
    if b"host" not in names:
        lines.insert(0, route.origin.host_line)
    if b"content-length" not in names:
        if body is None:
            lines.append(b"transfer-encoding: chunked")
        elif body or request.method not in METHODS_WITHOUT_BODY:
            lines.append(b"content-length: %d" % len(body))
    elif _announced(headers) not in ((len(body),) if body is not None else _LENGTHS):
        raise failures.make_unreachable(route, failures.UNWRITABLE)
    if route.forwarded_by is not None:
        target = route.target_start + target
        lines.extend(map(_LINE, route.proxy_headers))
    lines.append(b"\r\n")
    head = f"{request.method} {target} HTTP/1.1\r\n".encode() + b"\r\n".join(lines)
    ends = len(lines) + 1
    if head.count(b"\n") != ends or head.count(b"\r") != ends or _NUL in head:
        raise failures.make_unreachable(route, failures.UNWRITABLE)
    return head


def _announced(headers: Sequence[Header]) -> int | None:
    """The length of a body that headers announce; -1 when they do not say it well."""
    values = {value.strip() for name, value in headers if name == b"content-length"}
    if not values:
        return None
    value = values.pop()
    return int(value) if not values and value.isdigit() else -1


async def _write_body(upload: Upload, connection: Connection) -> None:
    """Write a streamed body to its end; when it fails, or is of another length than declared, so does the exchange.

    What follows would otherwise be taken for the rest of it, or the rest of it for what follows.
    """
    try:
        async for piece in upload:
            if not await connection.write(piece):
                return
        await connection.end_request()
    except Exception:
        if upload.error is None:
            raise
        connection.break_off_request()
