"""OAuth 2: towards upstreams, a bearer token from a token endpoint, of the server or in the name of each caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.authentication.authorization_server_client import check_endpoint, encode_pair
from naftiko_runtime.authentication.declared_oauth2 import OAuth2
from naftiko_runtime.authentication.kind import AuthenticationKind, Endpoint
from naftiko_runtime.authentication.resource_server_setup import ACCEPTED_TOKENS
from naftiko_runtime.host_encoding import encode_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.authentication.resource_server_setup import AcceptedTokens
    from naftiko_runtime.terms import Term

CLIENT_CREDENTIALS: Final = "client-credentials"
_JWT_BEARER: Final = "jwt-bearer"
_GRANTS: Final = (CLIENT_CREDENTIALS, "token-exchange", _JWT_BEARER)
_ASSERTED: Final = ("scope", "resource")
"""The parameters of the token that the assertion is requested with, too."""
_FETCHED: Final = "leave it out: tokens are fetched with client credentials"
_OF_EXPOSES: Final = (
    ("requiredScopes", "required_scopes"),
    ("jwksUri", "jwks_uri"),
    ("introspectionEndpoint", "introspection_endpoint"),
    ("algorithms", "algorithms"),
    ("tokenType", "token_type"),
    ("scopeClaim", "scope_claim"),
)
"""The keys that have no effect on a consumed API."""


class Assertion(Struct, frozen=True):
    """Where the assertion about a caller comes from, which is exchanged for a token."""

    endpoint: Term
    audience: Term
    client_id: Term
    client_secret: Term


class OAuth2Credential(Struct, frozen=True):
    """A bearer token from a token endpoint.

    Attributes:
        token_endpoint: Where it is requested.
        client_id: Who requests it.
        client_secret: The secret of that client.
        parameters: Sent with the request.
        grant: How it is requested; all grants but client credentials are in the name of the caller.
        assertion: For the grant ``jwt-bearer``.
    """

    token_endpoint: Term
    client_id: Term
    client_secret: Term
    parameters: tuple[tuple[str, Term], ...] = ()
    grant: str = CLIENT_CREDENTIALS
    assertion: Assertion | None = None


class OAuth2Kind(AuthenticationKind[OAuth2, OAuth2Credential]):
    """See :class:`AuthenticationKind`."""

    name = "oauth2"
    part = OAuth2
    guards_exposes = True
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "tokenUrl": "write 'tokenEndpoint'",
        "token_url": "write 'tokenEndpoint'",
        "authorizationUrl": _FETCHED,
        "grantType": "write 'grant', or leave it out for client credentials",
        "scope": "write 'scopes', a list",
        "issuer": "write 'authorizationServerUri'",
        "authorizationServer": "write 'authorizationServerUri'",
        "jwks_uri": "write 'jwksUri'",
        "jwksUrl": "write 'jwksUri'",
        "audiences": "write 'audience': there is one",
        "flow": "write 'grant', or leave it out for client credentials",
        "token": "leave it out: tokens come from callers, or from the 'tokenEndpoint'",
    }

    def list_spellings(self, _: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return (("tokenUrl", "tokenEndpoint"), ("tokenUri", "tokenEndpoint"))

    def link(self, part: OAuth2, linker: Linker) -> OAuth2Credential | None:
        """Link a request for tokens, for which the specification has no keys. See docs/writing.md."""
        for key, name in _OF_EXPOSES:
            if getattr(part, name):
                linker.report(rules.NO_EFFECT_UPSTREAM(key=key), part.get_path(key))
        grant = part.grant or CLIENT_CREDENTIALS
        if grant not in _GRANTS:
            linker.report(rules.INVALID_VALUE_GRANT(value=grant, known=_GRANTS), part.get_path("grant"))
            return None
        needed = {"tokenEndpoint": part.token_endpoint, "clientId": part.client_id, "clientSecret": part.client_secret}
        if missing := [key for key, value in needed.items() if not value]:
            linker.report(rules.EMPTY_CREDENTIAL_OAUTH2(missing=tuple(missing)), part.get_path("type"))
            return None
        assertion = _link_assertion(part, linker)
        endpoint = _link_endpoint(part.token_endpoint, part, "tokenEndpoint", linker)
        if endpoint is None or (grant == _JWT_BEARER and assertion is None):
            return None
        client_id, client_secret = (
            linker.link_secret_text(needed[key], part.get_path(key)) for key in ("clientId", "clientSecret")
        )
        more = {"scope": " ".join(part.scopes), "audience": part.audience}
        more |= {"resource": part.resource} if grant != CLIENT_CREDENTIALS else {}
        parameters = (
            (name, linker.link_secret_text(value, part.get_path("type"))) for name, value in more.items() if value
        )
        return OAuth2Credential(endpoint, client_id, client_secret, tuple(parameters), grant, assertion)

    def link_guard(self, part: OAuth2, linker: Linker) -> AcceptedTokens | None:
        return ACCEPTED_TOKENS.link(part, linker)

    def list_scopes(self, part: OAuth2) -> Sequence[str]:
        return part.scopes

    def needs_caller(self, credential: OAuth2Credential) -> bool:
        return credential.grant != CLIENT_CREDENTIALS

    def list_endpoints(self, credential: OAuth2Credential) -> Sequence[Endpoint]:
        found = [Endpoint("the token endpoint", credential.token_endpoint, check_endpoint)]
        if credential.assertion is not None:
            found.append(Endpoint("the assertion endpoint", credential.assertion.endpoint, check_endpoint))
        return found

    def list_secrets(self, credential: OAuth2Credential) -> Sequence[Term]:
        of_assertion = () if credential.assertion is None else (credential.assertion.client_secret,)
        return (credential.client_secret, *of_assertion)

    def derive_secrets(self, credential: OAuth2Credential, text: TextOf) -> Sequence[str]:
        pairs = [encode_pair(text(credential.client_id), text(credential.client_secret))]
        if (assertion := credential.assertion) is not None:
            pairs.append(encode_pair(text(assertion.client_id), text(assertion.client_secret)))
        return pairs

    def open_flow(self, credential: OAuth2Credential, text: TextOf) -> Flow:
        # validate requests no token
        from naftiko_runtime.authentication.client_credentials import ClientCredentialsFlow  # noqa: PLC0415
        from naftiko_runtime.authentication.token_exchange import (  # noqa: PLC0415
            AssertionGrant,
            CallerTokensFlow,
            TokenClient,
            TokenExchange,
        )

        more = {name: text(term) for name, term in credential.parameters}
        endpoint = text(credential.token_endpoint)
        client_id, client_secret = text(credential.client_id), text(credential.client_secret)
        if credential.grant == CLIENT_CREDENTIALS:
            return ClientCredentialsFlow(endpoint, client_id, client_secret, more)
        client = TokenClient(endpoint, _make_basic(client_id, client_secret), more)
        if (assertion := credential.assertion) is None:
            return CallerTokensFlow(TokenExchange(client))
        authorization = _make_basic(text(assertion.client_id), text(assertion.client_secret))
        about = {"audience": text(assertion.audience)} | {name: more[name] for name in _ASSERTED if name in more}
        provider = TokenClient(text(assertion.endpoint), authorization, about)
        return CallerTokensFlow(AssertionGrant(provider, client))


OAUTH2: Final = OAuth2Kind()


def _make_basic(client_id: str, client_secret: str) -> bytes:
    return f"Basic {encode_pair(client_id, client_secret)}".encode()


def _link_endpoint(endpoint: str, part: OAuth2, key: str, linker: Linker) -> Term | None:
    """Link the URL of an endpoint. None if it is none, which is reported."""
    if "{{" not in endpoint:
        if (fault := check_endpoint(endpoint)) is not None:
            linker.report(fault, part.get_path(key))
            return None
        endpoint = encode_host(endpoint)
    return linker.link_secret_text(endpoint, part.get_path(key))


def _link_assertion(part: OAuth2, linker: Linker) -> Assertion | None:
    """Link where the assertion comes from. None without one, or if it has a fault, which is reported."""
    given = {
        "assertionEndpoint": part.assertion_endpoint,
        "assertionAudience": part.assertion_audience,
        "assertionClientId": part.assertion_client_id,
        "assertionClientSecret": part.assertion_client_secret,
    }
    if part.grant != _JWT_BEARER:
        for key in (key for key, value in given.items() if value):
            statement = rules.NO_EFFECT_GRANT(key=key, grant=part.grant or CLIENT_CREDENTIALS)
            linker.report(statement, part.get_path(key))
        return None
    if missing := tuple(key for key, value in given.items() if not value):
        linker.report(rules.EMPTY_CREDENTIAL_ASSERTION(missing=missing), part.get_path("grant"))
        return None
    endpoint = _link_endpoint(part.assertion_endpoint, part, "assertionEndpoint", linker)
    audience, client_id, client_secret = (
        linker.link_secret_text(given[key], part.get_path(key)) for key in list(given)[1:]
    )
    return None if endpoint is None else Assertion(endpoint, audience, client_id, client_secret)
