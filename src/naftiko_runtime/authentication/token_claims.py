"""Access tokens of callers: what their claims must say (RFC 9068, RFC 7662)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.caller_identity import Identity
from naftiko_runtime.limits import TOKEN_CLOCK_SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME_MAX = 10**12
_SCOPE_CLAIMS = ("scope", "scp")


class InvalidTokenError(Exception):
    """A token is not accepted. The text says why, without anything of the token."""


class TokenRules(Struct, frozen=True):
    """What the claims of a token must say.

    Attributes:
        issuer: The only accepted ``iss``.
        audience: What ``aud`` must be, or contain.
        scope_claim: The claim with the scopes. Empty for ``scope``, or else ``scp``.
    """

    issuer: str
    audience: str
    scope_claim: str = ""

    def read_identity(self, claims: Mapping[str, Any], now: float, *, needs_issuer: bool = True) -> Identity:
        """Check claims, and return whom they identify.

        Args:
            claims: The verified claims, or the fields of an introspection.
            now: Seconds since 1970.
            needs_issuer: Whether ``iss`` must be present. It must always be right.

        Raises:
            InvalidTokenError: A claim is missing or wrong.
        """
        if (issuer := claims.get("iss")) != self.issuer and (needs_issuer or issuer is not None):
            raise InvalidTokenError("the token has another issuer")
        audience = claims.get("aud")
        if audience != self.audience and not (isinstance(audience, list) and self.audience in audience):
            raise InvalidTokenError("the token is for another audience")
        expires_at = _read_time(claims, "exp")
        if expires_at is None:
            raise InvalidTokenError("the token does not say when it expires")
        if now >= expires_at + TOKEN_CLOCK_SKEW_SECONDS:
            raise InvalidTokenError("the token has expired")
        for name in ("nbf", "iat"):
            if (begins_at := _read_time(claims, name)) is not None and now < begins_at - TOKEN_CLOCK_SKEW_SECONDS:
                raise InvalidTokenError("the token is not valid yet")
        client_id = _read_text(claims, "client_id") or _read_text(claims, "azp")
        own = _read_text(claims, "sub")
        if not (subject := own or client_id):
            raise InvalidTokenError("the token does not say whom it was issued to")
        return Identity(self.issuer, subject, client_id, self._read_scopes(claims), expires_at, bool(own))

    def _read_scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        names = (self.scope_claim,) if self.scope_claim else _SCOPE_CLAIMS
        value = next((claims[name] for name in names if name in claims), "")
        if isinstance(value, list):
            return frozenset(scope for scope in value if isinstance(scope, str))
        return frozenset(value.split()) if isinstance(value, str) else frozenset()


def _read_time(claims: Mapping[str, Any], name: str) -> float | None:
    """Return a time in seconds since 1970, or None if it is absent."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidTokenError(f"the token's '{name}' is not a number")
    if not 0 <= value < _TIME_MAX:  # nor is it NaN, or in milliseconds
        raise InvalidTokenError(f"the token's '{name}' is not a time")
    return float(value)


def _read_text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
