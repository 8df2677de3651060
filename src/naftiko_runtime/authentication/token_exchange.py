"""Tokens for an upstream in the name of each caller: by token exchange (RFC 8693), or by an assertion (RFC 7523)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
from naftiko_runtime.authentication.flow import Flow
from naftiko_runtime.authentication.issued_token import request_token
from naftiko_runtime.authentication.refreshed_credential import TokenSource
from naftiko_runtime.caller_identity import SENT_SECRETS
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.limits import CALLER_TOKENS_MAX, UPSTREAM_DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from naftiko_runtime.authentication.issued_token import IssuedToken
    from naftiko_runtime.authentication.refreshed_credential import FetchedCredential
    from naftiko_runtime.caller_identity import AuthenticatedCaller
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

    CallerKey: TypeAlias = tuple[str, str, str, frozenset[str]]

_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ASSERTION: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name, no secret
_ID_JAG: Final = "urn:ietf:params:oauth:token-type:id-jag"


class TokenClient(Struct, frozen=True):
    """Who asks for tokens, and where. It holds a secret, so ``repr()`` hides it.

    Attributes:
        endpoint: The token endpoint.
        authorization: The value of ``Authorization``.
        fields: The fields of every request: audience, resource, scope.
    """

    endpoint: str
    authorization: bytes
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"TokenClient({self.endpoint!r})"


class TokenGrant(Protocol):
    """A way to get a token, or another credential, in the name of a caller."""

    async def request(self, server: AuthorizationServer, caller: AuthenticatedCaller, now: float) -> FetchedCredential:
        """Request a token.

        Args:
            server: Sends the requests.
            caller: In whose name.
            now: The time of the request, by the clock of the caller's tokens.

        Raises:
            UpstreamError: No token was issued.
        """


class TokenExchange:
    """Exchanges the token of the caller (RFC 8693)."""

    def __init__(self, client: TokenClient, requested_type: str = _ACCESS_TOKEN) -> None:
        self._client = client
        self._requested_type = requested_type

    async def request(self, server: AuthorizationServer, caller: AuthenticatedCaller, now: float) -> IssuedToken:
        """See :class:`TokenGrant`."""
        fields = {
            "grant_type": _EXCHANGE,
            "subject_token": caller.token,
            "subject_token_type": _ACCESS_TOKEN,
            "requested_token_type": self._requested_type,
            **self._client.fields,
        }
        return await request_token(server, self._client.endpoint, fields, self._client.authorization, now)


class AssertionGrant:
    """Exchanges the token of the caller for an identity assertion (ID-JAG), and that for a token of the upstream."""

    def __init__(self, provider: TokenClient, client: TokenClient) -> None:
        """Keep where tokens come from.

        Args:
            provider: Issues the assertion.
            client: Issues the token for the assertion.
        """
        self._exchange = TokenExchange(provider, _ID_JAG)
        self._client = client

    async def request(self, server: AuthorizationServer, caller: AuthenticatedCaller, now: float) -> IssuedToken:
        """See :class:`TokenGrant`."""
        assertion = await self._exchange.request(server, caller, now)
        fields = {"grant_type": _ASSERTION, "assertion": assertion.value, **self._client.fields}
        return await request_token(server, self._client.endpoint, fields, self._client.authorization, now)


def _note_secrets(secrets: Sequence[str]) -> None:
    """Note secrets that are sent, so that they are masked in what the call shows."""
    SENT_SECRETS.get([]).extend(secrets)


class CallerTokensFlow(Flow):
    """Sends the requests of each caller with a token, or another credential, of its own.

    The token that the caller sends never goes upstream.

    Tokens are kept by issuer, subject, client and scopes: what two callers do not have in common is never shared.
    """

    def __init__(self, grant: TokenGrant, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._clock = clock
        self._sources: OrderedDict[CallerKey, TokenSource] = OrderedDict()

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`.

        Raises:
            UpstreamError: Nobody is authenticated, or no token was issued for the caller.
        """
        caller = request.caller
        if caller is None:
            raise UpstreamError("this API is called in the name of the caller, and no caller is authenticated")

        async def fetch(transport: Transport) -> FetchedCredential:
            server = AuthorizationServer(transport, UPSTREAM_DEADLINE_SECONDS, "token")
            return await self._grant.request(server, caller, self._clock())

        return await self._find_source(caller).send(request, transport, fetch)

    def list_fetched_secrets(self) -> Sequence[str]:
        """Return what APIs were sent during the current call: an API can repeat nothing else to this caller."""
        return tuple(SENT_SECRETS.get(()))

    async def aclose(self) -> None:
        """Stop fetching tokens."""
        for source in self._sources.values():
            await source.aclose()

    def _find_source(self, caller: AuthenticatedCaller) -> TokenSource:
        """Return the source of a caller's tokens. Of too many, the one that was not used for longest is dropped."""
        one = caller.identity
        key = one.issuer, one.subject, one.client_id, one.scopes
        if (source := self._sources.get(key)) is None:
            source = self._sources[key] = TokenSource(self._clock, _note_secrets)
            idle = (known for known, other in self._sources.items() if known != key and not other.is_fetching)
            if len(self._sources) > CALLER_TOKENS_MAX and (oldest := next(idle, None)) is not None:
                del self._sources[oldest]
        self._sources.move_to_end(key)
        return source
