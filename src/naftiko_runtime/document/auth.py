"""How a caller proves who it is; the same shapes serve both sides."""

from typing import Annotated, Any, ClassVar, Literal

from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Tag
from naftiko_runtime.model.part import Part, Text, convert_none_to_tuple


class Basic(Part):
    """``Authorization: Basic`` with a user name and a password."""

    type: Literal["basic"]
    username: Text = ""
    password: Text = ""


class Bearer(Part):
    """``Authorization: Bearer`` with a token."""

    type: Literal["bearer"]
    token: Text = ""


class ApiKey(Part):
    """A key in a header or in the query.

    In the body or a cookie, and several in ``headers``, is outside the specification.
    """

    type: Literal["apikey"]
    key: Text = ""
    value: Text = ""
    placement: Literal["header", "query", "body", "cookie"] = "header"
    headers: dict[str, Text] | None = None


class Digest(Part):
    """``Authorization: Digest`` with a user name and a password, which is never sent."""

    type: Literal["digest"]
    username: Text = ""
    password: Text = ""


class OAuth2(Part):
    """A token from a token endpoint, fetched with client credentials (RFC 6749, 4.4).

    ``clientId`` and ``clientSecret`` are outside the specification, whose keys say only how tokens are checked.
    """

    type: Literal["oauth2"]
    token_endpoint: Text = ""
    client_id: Text = ""
    client_secret: Text = ""
    scopes: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    audience: Text = ""
    authorization_server_uri: Text = ""
    resource: Text = ""
    token_validation: Text = ""


class OAuth1(Part):
    """OAuth 1.0a signatures (RFC 5849). Not part of the specification, but common in real files."""

    type: Literal["oauth1"]
    consumer_key: Text = ""
    consumer_secret: Text = ""
    token: Text = ""
    token_secret: Text = ""
    signing_key: Text = ""
    signing_key_password: Text = ""
    signature_method: (
        Literal["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512"] | None
    ) = None
    """Without it ``RSA-SHA256`` with a signing key, otherwise ``HMAC-SHA1``."""


class OtherAuthentication(Part):
    """A type that is not served yet. `validate` reports it."""

    takes_any_key: ClassVar[bool] = True

    type: Text = ""


def _tag_authentication(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if kind in ("basic", "bearer", "apikey", "digest", "oauth1", "oauth2") else "other"


Authentication = Annotated[
    Annotated[Basic, Tag("basic")]
    | Annotated[Bearer, Tag("bearer")]
    | Annotated[ApiKey, Tag("apikey")]
    | Annotated[Digest, Tag("digest")]
    | Annotated[OAuth2, Tag("oauth2")]
    | Annotated[OAuth1, Tag("oauth1")]
    | Annotated[OtherAuthentication, Tag("other")],
    Discriminator(_tag_authentication),
]

KNOWN_KINDS = ("basic", "bearer", "apikey", "digest", "oauth2", "oauth1")
