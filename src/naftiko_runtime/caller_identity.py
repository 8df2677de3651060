"""The identity of an authenticated caller, as a value that travels with its request."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from msgspec import Struct

CALLER: Final = "naftiko.caller"
"""The key of a request's scope that has its :class:`AuthenticatedCaller`. Not set if its expose takes no tokens."""


SENT_SECRETS: Final[ContextVar[list[str]]] = ContextVar("sent_secrets")
"""The secrets that APIs were sent in the name of the caller during the current call. Set where a caller is known."""


class Identity(Struct, frozen=True):
    """Who calls, as the issuer of a token says.

    Attributes:
        issuer: The authorization server.
        subject: The user, or the client itself; unique at the issuer.
        client_id: The client; empty if the token does not say.
        scopes: What the token allows.
        expires_at: When the token expires, in seconds since 1970.
        has_subject: Whether the token names its subject. Otherwise the subject is the name of the client.
    """

    issuer: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    expires_at: float
    has_subject: bool = True


class AuthenticatedCaller(Struct, frozen=True):
    """An authenticated caller. The token is a secret that no upstream ever gets, so ``repr()`` hides it."""

    identity: Identity
    token: str

    def __repr__(self) -> str:
        return f"AuthenticatedCaller({self.identity.issuer!r}, {self.identity.subject!r})"
