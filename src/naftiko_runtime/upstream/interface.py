"""The interface to upstreams: one request in, one response out.

Everything above knows only these types, so a transport can be replaced (``--http-client``), and a sandbox or
a test is simply another transport.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from naftiko_runtime.asgi_types import Header
from naftiko_runtime.errors import UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

    from naftiko_runtime.caller_identity import AuthenticatedCaller

__all__ = ["Header", "OutboundRequest", "Transport", "UpstreamResponse", "UpstreamUnreachable"]


class OutboundRequest(Struct):
    """A complete request to an upstream. A transport adds only ``Host`` and message framing.

    It holds secrets, so ``repr()`` hides them. A transport changes only the number of resends.

    Attributes:
        operation: ``namespace.operation`` of the consumed operation, for logs and the sandbox.
        method: The HTTP method in capitals.
        url: An absolute URL, already encoded. Its path and query are sent unchanged.
        headers: Header pairs in wire form; names in lower case. A header that is not UTF-8 is left out.
        body: Bytes, a stream (sent chunked unless ``headers`` has content-length), or nothing.
        resend_count: How many times it was sent before: with other credentials, or over a connection that turned out to
            be closed.
        page: The number of the page that it asks for; 1 for every request without pages.
        caller: In whose name it is sent, if that is known.
    """

    operation: str
    method: str
    url: str
    headers: Sequence[Header]
    body: bytes | AsyncIterator[bytes] | None = None
    resend_count: int = 0
    page: int = 1
    caller: AuthenticatedCaller | None = None

    def __repr__(self) -> str:
        return f"OutboundRequest({self.operation!r}, {self.method!r})"


class UpstreamResponse(Protocol):
    """A response whose head has arrived. Its body is still on the wire.

    The receiver must call :meth:`close` exactly once, also after an error.
    """

    @property
    def status(self) -> int:
        """The status code, 200 to 599. Interim responses (1xx) are skipped; other codes are an error."""

    @property
    def headers(self) -> Sequence[Header]:
        """The header pairs as received, in order; names in lower case, values without control characters but tab."""

    def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, with its content encodings. Call this once.

        Raises:
            UpstreamUnreachable: The connection broke before the body was complete.
            RuntimeError: The body was requested before.
        """

    def read_whole(self) -> bytes | None:
        """Return the whole body if it has arrived already. Otherwise return None; :meth:`iter_chunks` then yields it.

        Raises:
            RuntimeError: The body was requested before.
        """

    def is_complete(self) -> bool:
        """Return whether the whole body has arrived and was read."""

    async def close(self) -> None:
        """Return the connection to the pool if the body was read to its end. Otherwise close it."""


class Shared:
    """A transport that several documents use. Its opener closes it."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: OutboundRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """See :meth:`Transport.send`."""
        return self._transport.send(request)

    async def aclose(self) -> None:
        """Do nothing: others still send."""


class Transport(Protocol):
    """Sends requests to upstreams over connections it keeps.

    A transport has no deadlines: the engine sets one for the whole exchange and cancels. A cancelled
    transport closes the connection and never reuses it. A transport follows no redirect, keeps no cookie
    and decodes no content encoding. It uses only the proxies with which it was opened.
    It sends a request at most once if a byte may have left. The exception is an idempotent method
    (RFC 9110, 9.2.2) whose response has not begun.
    """

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """Send one request. Return when the head of the response has arrived.

        Errors of the stream ``request.body`` are not wrapped.

        Raises:
            UpstreamUnreachable: There is no connection, it broke, or the response is not HTTP.
            UpstreamOverloaded: The limit of concurrent requests to this upstream is reached.
        """

    async def aclose(self) -> None:
        """Close every connection."""
