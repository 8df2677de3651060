"""Consumed APIs: where each is, and how we prove who we are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.values import Term


class BasicCredential(Struct, frozen=True):
    """User name and password for ``Authorization: Basic``."""

    username: Term
    password: Term


class BearerCredential(Struct, frozen=True):
    """A token for ``Authorization: Bearer``."""

    token: Term


Placement: TypeAlias = Literal["header", "query", "body", "cookie"]
"""Where an API's key stands."""


class ApiKeyCredential(Struct, frozen=True):
    """One or more keys, as pairs of name and value, all in one place."""

    keys: tuple[tuple[Term, Term], ...]
    placement: Placement


class DigestCredential(Struct, frozen=True):
    """User name and password for ``Authorization: Digest``."""

    username: Term
    password: Term


class ClientCredentials(Struct, frozen=True):
    """A bearer token, fetched from a token endpoint (OAuth 2); ``parameters`` go there beside the grant."""

    token_endpoint: Term
    client_id: Term
    client_secret: Term
    parameters: tuple[tuple[str, Term], ...] = ()


class SigningCredential(Struct, frozen=True):
    """What OAuth 1.0a signs requests with; an empty token is none.

    ``signing_key`` is a private key or names a file, which is looked up in ``folder`` first.
    """

    consumer_key: Term
    consumer_secret: Term
    token: Term
    token_secret: Term
    method: str
    signing_key: Term | None = None
    signing_key_password: Term | None = None
    folder: str = ""


Credential: TypeAlias = (
    BasicCredential | BearerCredential | ApiKeyCredential | DigestCredential | ClientCredentials | SigningCredential
)


class Upstream(Struct, frozen=True):
    """A consumed API: where it is and how we prove who we are.

    A base URI with variables is a ``template``, of which ``base_uri`` shows the names until it is bound.
    """

    namespace: str
    base_uri: str
    credential: Credential | None
    span: Span
    exposed_headers: tuple[bytes, ...] = ()
    """Of its responses: these reach callers besides those that always do, in lower case."""
    template: Term | None = None
