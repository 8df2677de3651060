"""OAuth 2: towards upstreams, a bearer token from a token endpoint, by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.authentication.accepted_tokens import ACCEPTED_TOKENS
from naftiko_runtime.authentication.access_token_part import OAuth2
from naftiko_runtime.authentication.authorization_server import check_endpoint, encode_pair
from naftiko_runtime.authentication.kind import AuthenticationKind, Endpoint
from naftiko_runtime.host_encoding import encode_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.accepted_tokens import AcceptedTokens
    from naftiko_runtime.authentication.client_credentials import ClientCredentialsFlow
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.terms import Term

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


class OAuth2Credential(Struct, frozen=True):
    """A bearer token from a token endpoint. ``parameters`` are sent with the grant."""

    token_endpoint: Term
    client_id: Term
    client_secret: Term
    parameters: tuple[tuple[str, Term], ...] = ()


class OAuth2Kind(AuthenticationKind[OAuth2, OAuth2Credential]):
    """See :class:`AuthenticationKind`."""

    name = "oauth2"
    part = OAuth2
    guards_exposes = True
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "tokenUrl": "write 'tokenEndpoint'",
        "token_url": "write 'tokenEndpoint'",
        "authorizationUrl": _FETCHED,
        "grantType": _FETCHED,
        "scope": "write 'scopes', a list",
    }

    def list_spellings(self, _: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return (("tokenUrl", "tokenEndpoint"), ("tokenUri", "tokenEndpoint"))

    def link(self, part: OAuth2, linker: Linker) -> OAuth2Credential | None:
        """Link client credentials, for which the specification has no keys. See docs/writing.md."""
        for key, name in _OF_EXPOSES:
            if getattr(part, name):
                linker.report(rules.NO_EFFECT_UPSTREAM(key=key), part.get_path(key))
        needed = {"tokenEndpoint": part.token_endpoint, "clientId": part.client_id, "clientSecret": part.client_secret}
        if missing := [key for key, value in needed.items() if not value]:
            linker.report(rules.EMPTY_CREDENTIAL_OAUTH2(missing=tuple(missing)), part.get_path("type"))
            return None
        endpoint = part.token_endpoint
        if "{{" not in endpoint:
            if (fault := check_endpoint(endpoint)) is not None:
                linker.report(fault, part.get_path("tokenEndpoint"))
                return None
            needed["tokenEndpoint"] = encode_host(endpoint)
        terms = [linker.link_secret_text(value, part.get_path(key)) for key, value in needed.items()]
        more = {"scope": " ".join(part.scopes), "audience": part.audience}
        parameters = (
            (name, linker.link_secret_text(value, part.get_path("type"))) for name, value in more.items() if value
        )
        return OAuth2Credential(terms[0], terms[1], terms[2], tuple(parameters))

    def link_guard(self, part: OAuth2, linker: Linker) -> AcceptedTokens | None:
        return ACCEPTED_TOKENS.link(part, linker)

    def list_scopes(self, part: OAuth2) -> Sequence[str]:
        return part.scopes

    def list_endpoints(self, credential: OAuth2Credential) -> Sequence[Endpoint]:
        return (Endpoint("the token endpoint", credential.token_endpoint, check_endpoint),)

    def list_secrets(self, credential: OAuth2Credential) -> Sequence[Term]:
        return (credential.client_secret,)

    def derive_secrets(self, credential: OAuth2Credential, text: TextOf) -> Sequence[str]:
        return (encode_pair(text(credential.client_id), text(credential.client_secret)),)

    def open_flow(self, credential: OAuth2Credential, text: TextOf) -> ClientCredentialsFlow:
        from naftiko_runtime.authentication.client_credentials import ClientCredentialsFlow  # noqa: PLC0415 - for calls

        more = {name: text(term) for name, term in credential.parameters}
        client_id, client_secret = text(credential.client_id), text(credential.client_secret)
        return ClientCredentialsFlow(text(credential.token_endpoint), client_id, client_secret, more)


OAUTH2: Final = OAuth2Kind()
