"""The part of a document for ``oauth2``, on consumed APIs and on exposes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from naftiko_runtime.authentication.kind import AuthenticationPart, SecretText, SentText
from naftiko_runtime.model.key_annotations import BeforeValidator, Range
from naftiko_runtime.model.part import Meanings, Text, convert_none_to_tuple

Texts = Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)]

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""The algorithms that tokens of callers may be signed with. All of them are asymmetric."""


class TokenRequest(AuthenticationPart):
    """The keys of ``oauth2`` on a consumed API: how a token is requested. Some have a meaning on an expose, too."""

    token_endpoint: Text = ""
    client_id: SentText = ""
    client_secret: SecretText = ""
    scopes: Texts = ()
    audience: Text = ""
    grant: Text = ""
    assertion_endpoint: Text = ""
    assertion_audience: Text = ""
    assertion_client_id: SentText = ""
    assertion_client_secret: SecretText = ""

    meanings: ClassVar[Meanings] = {
        "tokenEndpoint": (
            "The URL at which tokens are fetched. On an expose, only OpenAPI names it.",
            "https://auth.example.com/token",
        ),
        "clientId": ("The client ID. On an expose, for introspection.", "{{CLIENT_ID}}"),
        "clientSecret": ("The client secret. On an expose, for introspection.", "{{CLIENT_SECRET}}"),
        "scopes": ("The scopes to request. On an expose, the scopes that clients may request.", ["read"]),
        "audience": (
            "The API that the token is requested for. On an expose, the `aud` of tokens; the default is the resource.",
            "https://api.example.com",
        ),
        "grant": (
            "For an API: `client-credentials` (default), or for each caller its own: `token-exchange` or `jwt-bearer`.",
            "token-exchange",
        ),
        "assertionEndpoint": (
            "With `jwt-bearer`: the token endpoint of the identity provider, which issues the assertion.",
            "https://idp.example.com/token",
        ),
        "assertionAudience": (
            "With `jwt-bearer`: the issuer of the tokens, which the assertion is for.",
            "https://auth.example.com",
        ),
        "assertionClientId": ("With `jwt-bearer`: the client ID at the identity provider.", "{{IDP_CLIENT_ID}}"),
        "assertionClientSecret": ("With `jwt-bearer`: its client secret.", "{{IDP_CLIENT_SECRET}}"),
    }


class OAuth2(TokenRequest):
    """On a consumed API, a token from a token endpoint. On an expose, the tokens that callers must send.

    The specification has keys for exposes only.
    """

    type: Literal["oauth2"]
    authorization_server_uri: Text = ""
    resource: Text = ""
    token_validation: Text = ""
    required_scopes: Texts = ()
    jwks_uri: Text = ""
    introspection_endpoint: Text = ""
    algorithms: Texts = ()
    token_type: Text = ""
    scope_claim: Text = ""
    cache_seconds: Annotated[int | None, Range(0, 86400)] = None

    meanings: ClassVar[Meanings] = {
        "authorizationServerUri": ("On an expose: the issuer of the tokens of callers.", "https://auth.example.com"),
        "resource": (
            "The URL that tokens are for: of the API, or on an expose its own.",
            "https://api.example.com/mcp",
        ),
        "tokenValidation": (
            "On an expose: `jwks` (the default) checks the signature of tokens, `introspection` asks the issuer.",
            "jwks",
        ),
        "requiredScopes": ("On an expose: the scopes that every call needs.", ["read"]),
        "jwksUri": (
            "On an expose: the URL of the keys of the issuer. The default is from its metadata.",
            "https://auth.example.com/keys",
        ),
        "introspectionEndpoint": (
            "On an expose: the URL for introspection. The default is from the metadata of the issuer.",
            "https://auth.example.com/introspect",
        ),
        "algorithms": (
            f"On an expose: the accepted algorithms of signatures. The default is {', '.join(ALGORITHMS)}.",
            ["RS256"],
        ),
        "tokenType": (
            "On an expose: the `typ` that tokens must have. By default it is `at+jwt`, `JWT` or absent.",
            "at+jwt",
        ),
        "scopeClaim": ("On an expose: the claim with the scopes. The default is `scope`, or else `scp`.", "roles"),
        "cacheSeconds": (
            "On an expose: how long the result of an introspection is used, in seconds. The default is 60.",
            60,
        ),
    }
