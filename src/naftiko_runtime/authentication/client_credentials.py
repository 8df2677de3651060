"""A bearer token by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime.authentication.authorization_server import AuthorizationServer, encode_pair
from naftiko_runtime.authentication.flow import Flow, replace_authorization
from naftiko_runtime.authentication.issued_token import IssuedToken, request_token
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.limits import UPSTREAM_DEADLINE_SECONDS

if TYPE_CHECKING:
    import asyncio
    import http
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
else:
    asyncio = import_lazily("asyncio")
    http = import_lazily("http")

_ISSUED_KEPT: Final = 2


class ClientCredentialsFlow(Flow):
    """A bearer token by client credentials (RFC 6749, 4.4): one fetch for all who wait, renewed before it expires."""

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
        self._token: IssuedToken | None = None
        self._issued: deque[str] = deque(maxlen=_ISSUED_KEPT)
        self._fetching: asyncio.Task[IssuedToken] | None = None

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is sent once. After a 401, the caller must repeat the request."""
        token = await self._get_token(transport)
        sent = replace_authorization(request, f"Bearer {token.value}")
        response = await transport.send(sent)
        if response.status != http.HTTPStatus.UNAUTHORIZED:
            return response
        if self._token is token:
            self._token = None
        if not isinstance(request.body, bytes | None):
            return response
        await response.close()
        token = await self._get_token(transport)
        again = replace(request, resend_count=sent.resend_count + 1)  # the client may have sent it again
        return await transport.send(replace_authorization(again, f"Bearer {token.value}"))

    def list_fetched_secrets(self) -> Sequence[str]:
        """Return the last tokens. A response may still contain the previous one."""
        return tuple(self._issued)

    async def aclose(self) -> None:
        """Stop fetching a token."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _get_token(self, transport: Transport) -> IssuedToken:
        """Return the token, or wait for the one that is being fetched. Cancelling one waiter does not affect others."""
        if self._token is not None and self._clock() < self._token.fresh_until:
            return self._token
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(transport))
            self._fetching.add_done_callback(_ignore_error)
        return await asyncio.shield(self._fetching)

    async def _fetch(self, transport: Transport) -> IssuedToken:
        server = AuthorizationServer(transport, UPSTREAM_DEADLINE_SECONDS, "token")
        self._token = await request_token(server, self._endpoint, self._fields, self._authorization, self._clock())
        self._issued.append(self._token.value)
        return self._token


def _ignore_error(task: asyncio.Task[IssuedToken]) -> None:
    """Read the error of a fetch that nothing waits for, so that asyncio logs no warning."""
    if not task.cancelled():
        task.exception()
