"""A bearer token by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer, encode_pair
from naftiko_runtime.authentication.flow import Flow
from naftiko_runtime.authentication.issued_token import IssuedToken, request_token
from naftiko_runtime.authentication.refreshed_credential import TokenSource
from naftiko_runtime.limits import UPSTREAM_DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

_ISSUED_KEPT: Final = 2


class ClientCredentialsFlow(Flow):
    """Sends requests with a token that is the same for all callers."""

    def __init__(
        self,
        token_endpoint: str,
        client_id: str,
        client_secret: str,
        parameters: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = token_endpoint
        self._authorization = f"Basic {encode_pair(client_id, client_secret)}".encode()
        self._fields = {"grant_type": "client_credentials", **parameters}
        self._clock = clock
        self._source = TokenSource(clock)
        self._issued: deque[str] = deque(maxlen=_ISSUED_KEPT)

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is sent once. After a 401, the caller must repeat the request."""
        return await self._source.send(request, transport, self._fetch)

    def list_fetched_secrets(self) -> Sequence[str]:
        """Return the last tokens. A response may still contain the previous one."""
        return tuple(self._issued)

    async def aclose(self) -> None:
        """Stop fetching a token."""
        await self._source.aclose()

    async def _fetch(self, transport: Transport) -> IssuedToken:
        server = AuthorizationServer(transport, UPSTREAM_DEADLINE_SECONDS, "token")
        token = await request_token(server, self._endpoint, self._fields, self._authorization, self._clock())
        self._issued.append(token.value)
        return token
