"""The identity of an authenticated caller, as a value that travels with its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Scope

_KEY: Final = "naftiko.caller"


class Identity(Struct, frozen=True):
    """Who calls, as the issuer of a token says.

    Attributes:
        issuer: The authorization server.
        subject: The user, or the client itself; unique at the issuer.
        client_id: The client; empty if the token does not say.
        scopes: What the token allows.
        expires_at: When the token expires, in seconds since 1970.
    """

    issuer: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    expires_at: float


class AuthenticatedCaller(Struct, frozen=True):
    """An authenticated caller. The token is a secret that no upstream ever gets, so ``repr()`` hides it."""

    identity: Identity
    token: str

    def __repr__(self) -> str:
        return f"AuthenticatedCaller({self.identity.issuer!r}, {self.identity.subject!r})"


def set_caller(scope: Scope, caller: AuthenticatedCaller) -> None:
    """Note the caller of a request."""
    scope[_KEY] = caller


def find_caller(scope: Scope) -> AuthenticatedCaller | None:
    """Return the caller of a request. None if its expose accepts no tokens."""
    return scope.get(_KEY)
