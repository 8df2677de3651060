"""A transport that sends each request twice, as over a connection that turned out to be closed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.asgi_types import Header
    from naftiko_runtime.upstream import OutboundRequest, UpstreamResponse


class FixedResponse:
    """A response that has arrived."""

    def __init__(self, status: int, headers: Sequence[Header] = (), body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    def read_whole(self) -> bytes | None:
        return self._body

    def is_complete(self) -> bool:
        return True

    async def close(self) -> None:
        """Close nothing."""


class RepeatingTransport:
    """Gives tokens, and else always the same response.

    Attributes:
        resend_counts: Of the requests, when they were sent for the last time.
    """

    def __init__(self, response: FixedResponse) -> None:
        self.resend_counts: list[int] = []
        self._response = response

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        if request.url.endswith("/token"):
            return FixedResponse(200, (), json.dumps({"access_token": "a"}).encode())
        request.resend_count += 1
        self.resend_counts.append(request.resend_count)
        return self._response

    async def aclose(self) -> None:
        """Close nothing."""
