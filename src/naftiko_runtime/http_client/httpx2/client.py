"""The other client: the core of httpx2, for HTTP/2.

``httpcore2`` is used directly: ``httpx2`` above it folds and re-encodes URLs and costs half as much again.

It reads more than the bytes of one response from a connection and would pass the rest to the next request,
which may be another caller's. So a connection with bytes after a response is closed here, whether they arrived
with the response (then the parser has them) or while the connection was idle (then its ``Stream`` has them).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore2

from naftiko_runtime import limits
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.certificates import TlsContexts
from naftiko_runtime.http_client.connector import Connector
from naftiko_runtime.http_client.httpx2.network_backend import NetworkBackend
from naftiko_runtime.http_client.message_checks import (
    METHODS_WITHOUT_BODY,
    Upload,
    drop_undecodable_headers,
    is_valid_response,
)
from naftiko_runtime.http_client.routes import RouteTable
from naftiko_runtime.http_client.tunnel import PROXY_AUTHENTICATION_REQUIRED
from naftiko_runtime.upstream.url_origin import parse_origin, split_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence

    from httpcore2 import AsyncConnectionInterface

    from naftiko_runtime.errors import UpstreamUnreachable
    from naftiko_runtime.http_client.options import ClientOptions
    from naftiko_runtime.http_client.routes import UpstreamRoute
    from naftiko_runtime.upstream.interface import Header, OutboundRequest
    from naftiko_runtime.upstream.url_origin import Origin

_HEAD_TOO_LARGE: Final = 431
_STATUSES_WITHOUT_BODY: Final = frozenset({204, 304})

# For errors whose causes are not known: the first match counts.
_FAILURE_TABLE: Final[failures.FailureTable] = (
    (httpcore2.TimeoutException, failures.SLOW),
    (httpcore2.ConnectError, failures.NO_CONNECTION),
    (httpcore2.ProxyError, failures.NO_CONNECTION),
    (httpcore2.ConnectionNotAvailable, failures.NO_CONNECTION),
    (httpcore2.NetworkError, failures.CLOSED),
    (httpcore2.RemoteProtocolError, failures.NOT_HTTP),
    (httpcore2.ProtocolError, failures.UNWRITABLE),
    (httpcore2.UnsupportedProtocol, failures.UNWRITABLE),
    (OSError, failures.NO_CONNECTION),
    (ValueError, failures.UNWRITABLE),
)
_FAILURES: Final = tuple(kind for kind, _ in _FAILURE_TABLE)


class Httpx2Client:
    """Sends requests by httpcore2: HTTP/1.1, and HTTP/2 over TLS where ``h2`` is installed.

    It never sends a request twice.
    """

    __slots__ = ("_connector", "_in_progress", "_options", "_pool", "_routes", "_timeouts")

    def __init__(self, options: ClientOptions) -> None:
        """Read the files for TLS.

        Raises:
            BindError: Some are missing or broken.
        """
        self._options = options
        self._in_progress: Counter[str] = Counter()
        """Exchanges by the key of their route: there are never more connections to it over HTTP/1.1."""
        self._timeouts = {"timeout": {"connect": options.connect_seconds, "pool": options.connect_seconds}}
        self._routes = RouteTable(options.proxies)
        contexts = TlsContexts(options.tls)
        self._connector = Connector(contexts)
        tls_context = contexts.get_upstream_context()
        self._pool = _RoutedPool(tls_context, options.connections_max, self._routes, self._connector)

    async def send(self, request: OutboundRequest) -> Httpx2Response:
        """Send one request: see :class:`~naftiko_runtime.upstream.interface.Transport`."""
        origin, target = split_url(request.url)
        route = self._routes.find(origin)
        if self._in_progress[route.key] >= self._options.connections_each_max:
            raise failures.make_overloaded(route, self._options.connections_each_max)
        self._in_progress[route.key] += 1
        response = None
        try:
            response = await self._send(request, route, target)
            return response
        finally:
            if response is None:
                self._end(route)

    def _end(self, route: UpstreamRoute) -> None:
        """Count an exchange as ended."""
        self._in_progress[route.key] -= 1
        if not self._in_progress[route.key]:
            del self._in_progress[route.key]

    async def _send(self, request: OutboundRequest, route: UpstreamRoute, target: str) -> Httpx2Response:
        origin, target = route.origin, route.target_start + target
        body = request.body or None
        upload: Upload | None = None
        content: bytes | AsyncIterator[bytes] | None
        if body is None or isinstance(body, bytes):
            content = body
        else:
            upload = Upload(body)
            content = _check_length(upload, request.headers)
        try:
            response = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target),
                    headers=[*route.proxy_headers, *_add_framing(request, origin)],
                    content=content,
                    extensions=self._timeouts,
                )
            )
        except _FAILURES as error:
            if upload is not None and error is upload.error:
                raise
            raise explain(error, route, self._options.connect_seconds) from None
        received = Httpx2Response(response, route, request.method, self._end)
        if not is_valid_response(received.status, received.headers):
            await response.aclose()
            raise failures.make_unreachable(route, failures.NOT_HTTP)
        if route.forwarded_by is not None and received.status == PROXY_AUTHENTICATION_REQUIRED:
            await response.aclose()
            raise failures.make_proxy_407_error(route, route.forwarded_by)
        return received

    async def aclose(self) -> None:
        """Close every connection."""
        self._connector.close()
        await self._pool.aclose()
        await asyncio.sleep(0)  # the sockets themselves are closed in the loop's next round


class _RoutedPool(httpcore2.AsyncConnectionPool):
    """A pool whose connections take the route to their origin. To httpcore2 each of them is a direct one."""

    def __init__(
        self, ssl_context: ssl.SSLContext, connections_max: int, routes: RouteTable, connector: Connector
    ) -> None:
        super().__init__(max_connections=connections_max, keepalive_expiry=limits.UPSTREAM_IDLE_SECONDS)
        self._context = ssl_context
        self._routes = routes
        self._connector = connector
        self._speaks_http2 = find_spec("h2") is not None

    def create_connection(self, origin: httpcore2.Origin) -> AsyncConnectionInterface:
        """Return a connection that is opened by its first request."""
        host = origin.host.decode()
        authority = f"[{host}]:{origin.port}" if ":" in host else f"{host}:{origin.port}"
        route = self._routes.find(parse_origin(origin.scheme.decode(), authority))
        return httpcore2.AsyncHTTPConnection(
            origin=origin,
            ssl_context=self._context,
            keepalive_expiry=limits.UPSTREAM_IDLE_SECONDS,
            http2=self._speaks_http2,
            network_backend=NetworkBackend(self._connector, route),
        )


class Httpx2Response:
    """A response whose head has arrived: see :class:`~naftiko_runtime.upstream.interface.UpstreamResponse`."""

    __slots__ = ("_end", "_finished", "_is_claimed", "_iterator", "_response", "_route", "headers", "status")

    headers: Sequence[Header]
    status: int

    def __init__(
        self, response: httpcore2.Response, route: UpstreamRoute, method: str, end: Callable[[UpstreamRoute], None]
    ) -> None:
        self._end = end
        self._response = response
        self._route = route
        self._is_claimed = False
        self._iterator: AsyncGenerator[bytes] | None = None
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.headers]
        self._finished = (
            method == "HEAD" or self.status in _STATUSES_WITHOUT_BODY or (b"content-length", b"0") in self.headers
        )

    def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        if self._is_claimed:
            raise RuntimeError("a body can be read only once")
        self._is_claimed = True
        return self._read()

    async def _read(self) -> AsyncIterator[bytes]:
        stream = cast("AsyncIterable[bytes]", self._response.stream)
        self._iterator = cast("AsyncGenerator[bytes]", aiter(stream))
        try:
            async for chunk in self._iterator:
                yield chunk
        except _FAILURES:
            raise failures.make_unreachable(self._route, failures.BROKEN_OFF) from None
        self._finished = True

    def read_whole(self) -> bytes | None:
        """Return None: what the parser holds is not accessible."""
        if self._is_claimed:
            raise RuntimeError("a body can be read only once")
        return None

    def is_complete(self) -> bool:
        """Return whether the body was read, or is empty. What the parser still holds is not accessible."""
        return self._finished

    async def close(self) -> None:
        """Give the connection back, or close it if the body was not read or bytes follow it."""
        try:
            if self._iterator is not None:
                await self._iterator.aclose()
            elif self._finished:
                async for _ in self._read():
                    pass  # empty, but the parser has to read the end
            if self._response.extensions["http_version"] != b"HTTP/2" and _has_surplus(self._response):
                await self._response.extensions["network_stream"].aclose()
            await self._response.aclose()
        finally:
            self._end(self._route)


def explain(error: BaseException, route: UpstreamRoute, connect_seconds: float) -> UpstreamUnreachable:
    """Return the error for an error of httpcore2 or of the layers below it; its own text is not used."""
    reason = error.args[0] if error.args else None
    if getattr(reason, "error_status_hint", None) == _HEAD_TOO_LARGE:
        return failures.make_unreachable(route, failures.HEAD_TOO_LARGE)
    if isinstance(error, httpcore2.RemoteProtocolError) and isinstance(reason, str):
        return failures.make_unreachable(route, failures.CLOSED)  # raised by httpcore2 itself, not by its parser
    return failures.explain(error, route, _FAILURE_TABLE, connect_seconds)


async def _check_length(body: AsyncIterable[bytes], headers: Sequence[Header]) -> AsyncIterator[bytes]:
    """Yield a body; raise an error of httpcore2 if it is not as long as declared."""
    left = next((int(value) for name, value in headers if name == b"content-length"), None)
    async for chunk in body:
        if left is not None and (left := left - len(chunk)) < 0:
            raise httpcore2.LocalProtocolError
        yield chunk
    if left:
        raise httpcore2.LocalProtocolError


def _has_surplus(response: httpcore2.Response) -> bool:
    # httpcore2 has no public access to what its parser holds. If this attribute moves, every connection is closed
    # after one response: slow, and found by the test of reuse, but no caller gets another caller's response.
    try:
        parser = cast("Any", response.stream)._stream._connection._h11_state  # noqa: SLF001
    except AttributeError:
        return True
    return bool(parser.trailing_data[0])


def _add_framing(request: OutboundRequest, origin: Origin) -> list[Header]:
    headers = list(drop_undecodable_headers(request.headers))
    names = {name for name, _ in headers}
    if b"host" not in names:
        headers.insert(0, (b"host", origin.host_header.encode("ascii")))
    if b"content-length" in names:
        return headers
    if not request.body:
        if request.method not in METHODS_WITHOUT_BODY:
            headers.append((b"content-length", b"0"))
    elif isinstance(request.body, bytes):
        headers.append((b"content-length", b"%d" % len(request.body)))
    else:
        headers.append((b"transfer-encoding", b"chunked"))
    return headers
