"""Tokens that a token endpoint issues for calls of an upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.authentication.flow import replace_authorization
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.limits import TOKEN_EARLY_SECONDS, TOKEN_LIFE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
    from naftiko_runtime.upstream.interface import OutboundRequest

TOKEN_ENDPOINT = "the token endpoint"  # noqa: S105 - a name, no secret


class IssuedToken(Struct, frozen=True):
    """A token, and until when it is used. It is a secret, so ``repr()`` hides it.

    Attributes:
        value: The token.
        fresh_until: Until when it is used, by the clock of who requested it.
    """

    value: str
    fresh_until: float

    def __repr__(self) -> str:
        return "IssuedToken(***)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no output may show."""
        return (self.value,)

    def authorize(self, request: OutboundRequest) -> OutboundRequest:
        """Return a request with the token."""
        return replace_authorization(request, f"Bearer {self.value}")


async def request_token(
    server: AuthorizationServer, endpoint: str, fields: Mapping[str, str], authorization: bytes, now: float
) -> IssuedToken:
    """Request a token.

    Args:
        server: Sends the request.
        endpoint: The token endpoint.
        fields: The form of the request.
        authorization: The value of the header ``Authorization``.
        now: The time of the request, by the clock of the caller.

    Raises:
        UpstreamError: The response has no token that can be sent. The text does not quote it.
    """
    response = await server.post(endpoint, TOKEN_ENDPOINT, fields, authorization, no_json="sent no access token")
    value, life = _read_fields(response)
    if not value.isascii() or not value.isprintable() or not value:
        raise UpstreamError(f"{TOKEN_ENDPOINT} sent a token that a header cannot hold")
    return IssuedToken(value, now + life - min(TOKEN_EARLY_SECONDS, life / 10))


def _read_fields(response: Any) -> tuple[str, float]:
    """Return the token of a response, and its life in seconds."""
    try:
        return str(response["access_token"]), float(response.get("expires_in") or TOKEN_LIFE_SECONDS)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UpstreamError(f"{TOKEN_ENDPOINT} sent no access token") from None
