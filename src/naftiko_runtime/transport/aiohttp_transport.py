"""The default transport: aiohttp, set up as a gateway needs it.

A kept connection can turn out to be closed while a request is on its way. aiohttp then sends the request
once more if its method is idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE) and its body can be repeated;
any other request fails, because nobody can know whether it was carried out. Connections are dropped after 30
idle seconds, earlier than most servers do it, so that this stays rare.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from multidict import CIMultiDict
from yarl import URL

from naftiko_runtime import limits
from naftiko_runtime.transport import origin as told

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncIterator, Iterable, Sequence

    from aiohttp.connector import Connection
    from aiohttp.typedefs import LooseHeaders

    from naftiko_runtime.errors import UpstreamUnreachable
    from naftiko_runtime.transport.base import Header, OutboundRequest
    from naftiko_runtime.transport.origin import Origin

# Consulted when the causes of an error tell nothing: the first that fits.
_TEMPLATES: Final[told.Templates] = (
    (aiohttp.ClientConnectorDNSError, told.UNRESOLVED),
    (aiohttp.ClientConnectorCertificateError, told.CERTIFICATE),
    (aiohttp.ServerFingerprintMismatch, told.CERTIFICATE),
    (aiohttp.ClientSSLError, told.TLS),
    (aiohttp.ClientConnectorError, told.NO_CONNECTION),
    (aiohttp.ServerTimeoutError, told.SLOW),
    (aiohttp.ClientConnectionError, told.CLOSED),
    (aiohttp.UploadAbortedError, told.CLOSED),
    (aiohttp.ClientPayloadError, told.BROKEN_OFF),
    (aiohttp.ClientResponseError, told.NOT_HTTP),
    (HttpProcessingError, told.NOT_HTTP),
    (OSError, told.NO_CONNECTION),
    # URLs that are none, redirects (never followed), control characters in a header.
    (aiohttp.ClientError, told.UNWRITABLE),
    (aiohttp.WSMessageTypeError, told.UNWRITABLE),
    (ValueError, told.UNWRITABLE),
)
_FAILURES: Final = tuple(kind for kind, _ in _TEMPLATES)


class AiohttpTransport:
    """Sends requests by aiohttp (HTTP/1.1). To be created in a running loop."""

    __slots__ = ("_connect_seconds", "_session")

    def __init__(
        self,
        *,
        connections_max: int = limits.UPSTREAM_CONNECTIONS_MAX,
        connect_seconds: float = limits.UPSTREAM_CONNECT_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections_max,
                limit_per_host=0,
                ttl_dns_cache=limits.UPSTREAM_NAMES_KEPT_SECONDS,
                keepalive_timeout=limits.UPSTREAM_IDLE_SECONDS,
                ssl=ssl_context or True,
            ),
            timeout=aiohttp.ClientTimeout(connect=connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=limits.UPSTREAM_HEAD_BYTES_MAX,
            max_field_size=limits.UPSTREAM_HEAD_BYTES_MAX,
            request_class=_ExactRequest,
        )

    async def send(self, request: OutboundRequest) -> AiohttpResponse:
        """Send one request: see :class:`~naftiko_runtime.transport.base.Transport`."""
        origin, target = told.split_url(request.url)
        body = request.body
        upload = None if body is None or isinstance(body, bytes) else told.Upload(body)
        try:
            response = await self._exchange(request, origin, target, upload)
        except _FAILURES as error:
            if upload is not None and upload.error is not None:
                raise upload.error from None
            raise unreachable(error, origin, self._connect_seconds) from None
        answer = AiohttpResponse(response, origin)
        if not told.is_http(answer.status, answer.headers):
            response.close()
            raise origin.unreachable(told.NOT_HTTP)
        return answer

    async def _exchange(
        self, request: OutboundRequest, origin: Origin, target: str, upload: told.Upload | None
    ) -> aiohttp.ClientResponse:
        # Not URL(text, encoded=True): that drops the "?" of an empty query, and parses it for nothing.
        url = URL.build(scheme=origin.scheme, authority=origin.peer, path=target, encoded=True)
        headers = CIMultiDict([(name.decode(), value.decode()) for name, value in told.sendable(request.headers)])
        if "host" not in headers:
            headers["host"] = origin.host_header
        data = _repeatable(request.body) if upload is None else upload
        for _ in range(limits.UPSTREAM_ANSWERS_UNASKED_MAX):
            try:
                return await self._session.request(
                    request.method, url, headers=headers, data=data, allow_redirects=False
                )
            except _UnaskedError:
                continue
        raise origin.unreachable(told.UNASKED)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()


class AiohttpResponse:
    """An answer whose head has arrived: see :class:`~naftiko_runtime.transport.base.UpstreamResponse`."""

    __slots__ = ("_asked", "_origin", "_response", "headers", "status")

    headers: Sequence[Header]
    status: int

    def __init__(self, response: aiohttp.ClientResponse, origin: Origin) -> None:
        self._response = response
        self._origin = origin
        self._asked = False
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.raw_headers]

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
        content = self._response.content
        if not content.is_eof() or content.exception() is not None:
            return None
        self._asked = True
        return content.read_nowait()

    async def _read(self) -> AsyncIterator[bytes]:
        content = self._response.content
        closed = None if content.is_eof() else self._closed()
        try:
            while chunk := await content.readany():
                yield chunk
        except _FAILURES:
            raise self._origin.unreachable(told.BROKEN_OFF) from None
        finally:
            if closed is not None:
                closed.remove_done_callback(self._lost)

    def _closed(self) -> asyncio.Future[None] | None:
        # aiohttp tells a waiting reader of most ends of a connection, but not when it closes one itself as a
        # chunk is malformed: the reader would wait for ever.
        connection = self._response.connection
        protocol = None if connection is None else connection.protocol
        closed = None if protocol is None else protocol.closed
        if closed is None:
            self._lost()
            return None
        closed.remove_done_callback(_noticed)
        closed.add_done_callback(_noticed)
        closed.add_done_callback(self._lost)
        return closed

    def _lost(self, _: object = None) -> None:
        content = self._response.content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError())

    def finished(self) -> bool:
        """Whether the whole body has arrived."""
        return self._response.content.is_eof()

    async def close(self) -> None:
        """Close the connection, unless the body came to its end: then aiohttp has taken it back already."""
        if not self._response.closed:
            self._response.close()


def _noticed(closed: asyncio.Future[None]) -> None:
    """Look at how a connection ended; asyncio complains about an exception that nobody looks at."""
    if not closed.cancelled():
        closed.exception()


def unreachable(error: BaseException, origin: Origin, connect_seconds: float) -> UpstreamUnreachable:
    """What an error of aiohttp, or of what lies under it, means; told without its own words."""
    if isinstance(error.__cause__, LineTooLong) or isinstance(_under(error.__cause__), LineTooLong):
        return origin.unreachable(told.HEAD_TOO_LARGE)
    return told.explained(error, origin, _TEMPLATES, connect_seconds)


def _under(error: BaseException | None) -> BaseException | None:
    return None if error is None else error.__cause__


def _repeatable(body: object) -> object:
    """Bytes as aiohttp wants them: a large body as a file, which it writes in parts."""
    if isinstance(body, bytes) and len(body) > limits.UPSTREAM_WRITE_BYTES_MAX:
        return io.BytesIO(body)
    return body or None


class _UnaskedError(Exception):
    """A kept connection holds bytes that nobody asked for; nothing was sent on it."""


class _ExactRequest(aiohttp.ClientRequest):
    """A request with exactly the headers given, sent only on a connection that holds no earlier bytes.

    aiohttp itself would hand an answer that came in while the connection was idle to the next request: one
    caller's answer to another. Leaving out the merging of default headers saves a tenth of the time.
    """

    POST_METHODS: set[str] = set()  # noqa: RUF012 - as it is declared there; who would get a content-type
    _skip_auto_headers = CIMultiDict({"content-type": None})

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Take the headers as they are; copied, as they are used again when a request is repeated."""
        self.headers = CIMultiDict(headers or ())

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Add nothing."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request, or refuse the connection."""
        if conn.protocol is None or conn.protocol.should_close:
            raise _UnaskedError
        return await super().send(conn)
