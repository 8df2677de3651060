"""Flows: authentication by more than fixed fields. A flow keeps its state, such as a token, for the next call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.limits import REQUEST_BODY_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse


class Flow(ABC):
    """Sends requests with credentials that need more than one exchange."""

    @abstractmethod
    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """Send a request as :meth:`Transport.send` does; at most twice, the second time after a 401."""

    def list_fetched_secrets(self) -> Sequence[str]:
        """Return the secrets from a server, such as tokens, which no output may show."""
        return ()

    async def aclose(self) -> None:  # noqa: B027 - most flows run nothing beside requests
        """Stop background tasks."""


def replace_authorization(request: OutboundRequest, value: str) -> OutboundRequest:
    """Return a request with other credentials."""
    kept = [pair for pair in request.headers if pair[0] != b"authorization"]
    return replace(request, headers=[*kept, (b"authorization", value.encode())])


async def buffer_body(request: OutboundRequest) -> OutboundRequest:
    """Return a request whose body can be sent twice: a stream is read first."""
    if request.body is None or isinstance(request.body, bytes):
        return request
    body = await read_chunks(request.body, REQUEST_BODY_BYTES_MAX)
    kept = [pair for pair in request.headers if pair[0] != b"content-length"]
    return replace(request, headers=[*kept, (b"content-length", str(len(body)).encode())], body=body)


async def read_chunks(chunks: AsyncIterator[bytes], bytes_max: int) -> bytes:
    """Join the chunks of a body.

    Raises:
        UpstreamError: The body exceeds the limit.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > bytes_max:
            raise UpstreamError(f"a body of more than {bytes_max:,} bytes cannot be held in memory")
    return bytes(body)
