"""The seam to upstreams: one request in, one response out.

Everything above knows only these types, so a transport can be replaced (``--http-client``), and a sandbox or
a test is simply another transport.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from msgspec import Struct

from naftiko_runtime.errors import UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

__all__ = ["Header", "OutboundRequest", "Transport", "UpstreamResponse", "UpstreamUnreachable"]

Header: TypeAlias = tuple[bytes, bytes]
"""A header's name and value in wire form."""


class OutboundRequest(Struct):
    """What goes to an upstream, complete: a transport adds only ``Host`` and message framing.

    It holds secrets, so it represents itself without them. Nobody changes it, except that a transport counts how often
    it sends it again.

    Attributes:
        operation: ``namespace.operation`` of the consumed operation, for logs and the sandbox.
        method: The HTTP method in capitals.
        url: An absolute URL, already encoded; its path and query go out byte for byte.
        headers: Header pairs in wire form; names in lower case. One whose value is not UTF-8 is left out.
        body: Bytes, a stream (sent chunked unless ``headers`` has content-length), or nothing.
        resend_count: How many times it was sent before: with other credentials, or over a connection that turned out to
            be closed.
    """

    operation: str
    method: str
    url: str
    headers: Sequence[Header]
    body: bytes | AsyncIterator[bytes] | None = None
    resend_count: int = 0

    def __repr__(self) -> str:
        return f"OutboundRequest({self.operation!r}, {self.method!r})"


class UpstreamResponse(Protocol):
    """An answer whose head has arrived; its body is still on the wire.

    Whoever receives one calls :meth:`close` exactly once, whatever happens in between.
    """

    @property
    def status(self) -> int:
        """The status code, 200 to 599: interim answers (1xx) are skipped, any other is no answer."""

    @property
    def headers(self) -> Sequence[Header]:
        """The header pairs as received, in order; names in lower case, values without control characters but tab."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, content encodings untouched. To be called once.

        Raises:
            UpstreamUnreachable: The connection broke before the body was complete.
            RuntimeError: It was called before.
        """

    def whole(self) -> bytes | None:
        """The whole body when it is here already and was not asked for; otherwise nothing, and :meth:`chunks` gives it.

        Raises:
            RuntimeError: It was asked for before.
        """

    def is_complete(self) -> bool:
        """Whether nothing of the body is known to be left: neither on the wire nor to be given."""

    async def close(self) -> None:
        """Give the connection back when the body was read to its end, otherwise close it."""


class Shared:
    """A transport that several documents use; whoever opened it closes it."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: OutboundRequest) -> Coroutine[Any, Any, UpstreamResponse]:
        """See :meth:`Transport.send`."""
        return self._transport.send(request)

    async def aclose(self) -> None:
        """Leave it open: others still send."""


class Transport(Protocol):
    """Sends requests to upstreams over connections it keeps.

    Deadlines are not its business (the engine holds one round the whole exchange and cancels), but being
    cancelled at any ``await`` is: the connection is then closed, never reused. A transport follows no
    redirect, keeps no cookie, decodes no content encoding and knows no proxy but those it is opened with. Once a
    byte of a request may have gone out it is never sent again, unless its method is idempotent (RFC 9110,
    9.2.2) and no answer began.
    """

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        """Send one request and return when the response's head is there.

        What the stream ``request.body`` itself raises comes out as it is.

        Raises:
            UpstreamUnreachable: No connection, a broken one, or an answer that is not HTTP.
            UpstreamOverloaded: As many requests to this upstream are in progress as are allowed.
        """

    async def aclose(self) -> None:
        """Close every connection."""
