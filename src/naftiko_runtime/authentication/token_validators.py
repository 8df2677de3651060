"""The two ways to validate a token: by its signature (RFC 9068), or by asking the authorization server (RFC 7662)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from naftiko_runtime.authentication.authorization_server_client import is_safe_url
from naftiko_runtime.authentication.signing_keys import SigningKeys, UnknownKeyError
from naftiko_runtime.authentication.token_cache import TokenResults
from naftiko_runtime.authentication.token_claims import InvalidTokenError
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.limits import (
    INTROSPECTIONS_MAX,
    REFUSED_TOKEN_SECONDS,
    REFUSED_TOKENS_MAX,
    TOKEN_CLOCK_SKEW_SECONDS,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from joserfc.jwk import Key

    from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
    from naftiko_runtime.authentication.token_claims import TokenRules
    from naftiko_runtime.caller_identity import Identity

_TYPES: Final = (None, "jwt", "at+jwt")
"""The accepted types of JWTs, unless a document says another: many issuers do not mark access tokens."""

_OTHER_ISSUER: Final = "the metadata of the authorization server is of another issuer"
_ISSUER_CHARACTERS_MAX: Final = 200


class TokenValidator(Protocol):
    """Validates tokens of callers."""

    def is_current(self, now: float) -> bool:
        """Return whether tokens that were validated before are still valid, if they have not expired."""

    async def validate(self, token: str, now: float) -> tuple[Identity, float]:
        """Return whom a token identifies, and until when that may be used without asking again.

        Raises:
            InvalidTokenError: The token is not valid.
            UpstreamError: It cannot be validated, because the authorization server fails.
        """


class JwtValidator:
    """Validates JWTs by the keys of their issuer."""

    def __init__(self, keys: SigningKeys, rules: TokenRules, algorithms: tuple[str, ...], token_type: str) -> None:
        """Keep what all tokens share.

        Args:
            keys: The keys of the issuer.
            rules: What the claims must say.
            algorithms: The accepted algorithms; all of them are asymmetric.
            token_type: What the header's ``typ`` must be. Empty for a JWT or an access token.
        """
        self._keys = keys
        self._rules = rules
        self._algorithms = algorithms
        self._types = (token_type.lower(),) if token_type else _TYPES

    def is_current(self, now: float) -> bool:
        """See :class:`TokenValidator`."""
        return now < self._keys.fresh_until

    async def validate(self, token: str, now: float) -> tuple[Identity, float]:
        """See :class:`TokenValidator`."""
        if not self.is_current(now):
            await self._keys.refresh(now)
        try:
            claims = self._decode(token)
        except UnknownKeyError:
            try:
                await self._keys.refresh_for_unknown_key(now)
                claims = self._decode(token)
            except UnknownKeyError:
                raise InvalidTokenError("the token is signed with an unknown key") from None
        identity = self._rules.read_identity(claims, now)
        return identity, identity.expires_at + TOKEN_CLOCK_SKEW_SECONDS

    def _decode(self, token: str) -> dict[str, Any]:
        """Verify a token and return its claims."""
        from joserfc import jwt  # noqa: PLC0415 - only exposes with oauth2 need it
        from joserfc.errors import JoseError, SecurityWarning  # noqa: PLC0415

        try:
            with warnings.catch_warnings(category=SecurityWarning, action="ignore"):  # of EdDSA, which has a new name
                return jwt.decode(token, self._choose_key, self._algorithms).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise InvalidTokenError("the token is not a JWT with a valid signature") from None

    def _choose_key(self, token: Any) -> Key:
        header = token.headers()
        if (algorithm := header.get("alg")) not in self._algorithms:
            raise InvalidTokenError("the token is signed with an algorithm that is not accepted")
        kind = header.get("typ")
        if isinstance(kind, str):
            kind = kind.lower().removeprefix("application/")
        if kind not in self._types:
            raise InvalidTokenError("the token is not an access token")
        return self._keys.choose_key(header.get("kid"), algorithm)


class Introspector:
    """Validates tokens by asking the authorization server.

    A refused token is remembered for a moment, so that a client that repeats it does not make a request each time.
    """

    def __init__(
        self,
        server: AuthorizationServer,
        find_url: Callable[[], Awaitable[str]],
        authorization: bytes,
        rules: TokenRules,
        kept_seconds: float,
    ) -> None:
        """Keep what all tokens share.

        Args:
            server: Asks the authorization server.
            find_url: Finds the URL of the introspection endpoint.
            authorization: The value of ``Authorization`` for that endpoint.
            rules: What the responses must say.
            kept_seconds: How long a response is used.
        """
        self._server = server
        self._find_url = find_url
        self._authorization = authorization
        self._rules = rules
        self._kept_seconds = kept_seconds
        self._asking = 0
        self._refused_seconds = min(REFUSED_TOKEN_SECONDS, kept_seconds)
        self._refused: TokenResults[str] = TokenResults(REFUSED_TOKENS_MAX)

    def is_current(self, _now: float) -> bool:
        """See :class:`TokenValidator`."""
        return True

    async def validate(self, token: str, now: float) -> tuple[Identity, float]:
        """See :class:`TokenValidator`."""
        if (why := self._refused.find(token.encode(), now)) is not None:
            raise InvalidTokenError(why)
        try:
            return await self._introspect(token, now)
        except InvalidTokenError as error:
            self._refused.add(token.encode(), str(error), now + self._refused_seconds)
            raise

    async def _introspect(self, token: str, now: float) -> tuple[Identity, float]:
        if self._asking >= INTROSPECTIONS_MAX:
            raise UpstreamError("too many tokens are being checked")
        self._asking += 1
        try:
            url = await self._find_url()
            fields = {"token": token, "token_type_hint": "access_token"}
            response = await self._server.post(url, "the introspection endpoint", fields, self._authorization)
        finally:
            self._asking -= 1
        if not isinstance(response, dict):
            raise UpstreamError("the introspection endpoint sent no JSON object")
        if response.get("active") is not True:
            raise InvalidTokenError("the token is not active")
        until = now + self._kept_seconds
        if response.get("exp") is None:  # it may be left out
            response["exp"] = until
        identity = self._rules.read_identity(response, now, needs_issuer=False)
        return identity, min(until, identity.expires_at)


class EndpointFinder:
    """Finds an endpoint in the metadata of an issuer (RFC 8414, OpenID Connect Discovery)."""

    def __init__(self, server: AuthorizationServer, issuer: str, name: str, url: str) -> None:
        """Keep what is asked for.

        Args:
            server: Fetches the metadata.
            issuer: The issuer. Its metadata must name exactly this one.
            name: The name of the endpoint in the metadata.
            url: The endpoint, if the document has it. Empty to find it.
        """
        self._server = server
        self._issuer = issuer
        self._name = name
        self._url = url

    async def find(self) -> str:
        """Return the endpoint.

        Raises:
            UpstreamError: No metadata of this issuer has it.
        """
        if self._url:
            return self._url
        failure = None
        for url in list_metadata_urls(self._issuer):
            try:
                metadata = await self._server.get(url, "the metadata of the authorization server")
            except UpstreamError as error:
                failure = failure or error
                continue
            if isinstance(metadata, dict) and metadata.get("issuer") == self._issuer:
                return self._read(metadata)
            named = metadata.get("issuer") if isinstance(metadata, dict) else None
            if isinstance(named, str) or failure is None:
                failure = UpstreamError(_OTHER_ISSUER, _describe_issuers(named, self._issuer))
        raise failure or UpstreamError("the authorization server has no metadata")

    def _read(self, metadata: dict[str, Any]) -> str:
        found = metadata.get(self._name)
        if not isinstance(found, str) or not is_safe_url(found, beside=self._issuer):
            raise UpstreamError(f"the metadata of the authorization server has no '{self._name}' that can be used")
        return found


def _describe_issuers(named: Any, issuer: str) -> str:
    """Return what the metadata and the document say, for the log."""
    if not isinstance(named, str):
        return f"{_OTHER_ISSUER}: it names none, and 'authorizationServerUri' is '{issuer}'"
    return f"{_OTHER_ISSUER}: it names '{named[:_ISSUER_CHARACTERS_MAX]}', and 'authorizationServerUri' is '{issuer}'"


def list_metadata_urls(issuer: str) -> list[str]:
    """Return the places of an issuer's metadata, in the order in which they are tried."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    urls = [
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    ]
    return list(dict.fromkeys(urls))
