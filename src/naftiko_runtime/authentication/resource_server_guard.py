"""The guard of an expose with ``oauth2``, an OAuth 2.1 resource server: it accepts tokens of one issuer for itself."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from naftiko_runtime.authentication.guard import Guard, Refusal
from naftiko_runtime.authentication.token_cache import TokenResults
from naftiko_runtime.authentication.token_claims import InvalidTokenError
from naftiko_runtime.caller_identity import CALLER, AuthenticatedCaller
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.limits import AUTHORIZATION_SERVER_RETRY_SECONDS, TOKENS_VERIFIED_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from naftiko_runtime.asgi_types import Header, Scope
    from naftiko_runtime.authentication.token_validators import TokenValidator
    from naftiko_runtime.caller_identity import Identity

log = logging.getLogger(__name__)

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
_UNCHECKED: Final = "the token cannot be checked now: the authorization server does not respond as it should; try again"


class Resource(Struct, frozen=True):
    """What tokens are for.

    Attributes:
        url: The identifier of the resource (RFC 8707), which is its URL.
        issuer: The authorization server.
        scopes: The scopes that clients may ask for.
        needed: The scopes that every call needs.
        paths: The paths of the port that it is served at.
    """

    url: str
    issuer: str
    scopes: tuple[str, ...]
    needed: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def metadata_url(self) -> str:
        """The URL of its metadata (RFC 9728, 3.1): the path of the resource follows the well-known one."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"

    def make_documents(self) -> dict[str, bytes]:
        """Return its metadata (RFC 9728) by path: where clients look for it, with the proxy's prefix and without."""
        metadata = {"resource": self.url, "authorization_servers": [self.issuer]}
        metadata |= {"scopes_supported": list(self.scopes)} if self.scopes else {}
        document = encode_json(metadata | {"bearer_methods_supported": ["header"]})
        paths = ("", unquote(urlsplit(self.url).path).rstrip("/"), *(path.rstrip("/") for path in self.paths))
        return {WELL_KNOWN + path: document for path in paths}


def _take_token(scope: Scope) -> bytes | None:
    """Return the token of a request, and remove the header, so that it goes nowhere else. None without exactly one."""
    kept: list[Header] = []
    values: list[bytes] = []
    for pair in scope["headers"]:
        if pair[0] == b"authorization":
            values.append(pair[1])
        else:
            kept.append(pair)
    scope["headers"] = kept
    if len(values) != 1:
        return None
    scheme, _, token = values[0].strip().partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None


class ResourceServerGuard(Guard):
    """Accepts ``Authorization: Bearer`` with a valid token."""

    def __init__(
        self,
        namespace: str,
        resource: Resource,
        make_validator: Callable[[Callable[[], None]], TokenValidator],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare the guard.

        Args:
            namespace: The namespace of the expose, for logs.
            resource: What tokens are for.
            make_validator: Makes what validates tokens, with a function that forgets those that were validated.
            clock: Returns the time in seconds since 1970.
        """
        self._namespace = namespace
        self._resource = resource
        self._clock = clock
        self._verified: TokenResults[Identity] = TokenResults(TOKENS_VERIFIED_MAX)
        self._validator = make_validator(self._verified.clear)
        self._needed = frozenset(resource.needed)
        self.public_documents = resource.make_documents()

    def check(self, scope: Scope) -> Refusal | Awaitable[Refusal | None] | None:
        """See :class:`Guard`."""
        given = _take_token(scope)
        if given is None:
            return Refusal(
                "an access token is needed: Authorization: Bearer …", (self._challenge(self._resource.needed),)
            )
        now = self._clock()
        if (identity := self._verified.find(given, now)) is None or not self._validator.is_current(now):
            return self._validate(scope, given, now)
        return self._admit(scope, identity, given)

    def check_scopes(self, scope: Scope, needed: Sequence[str]) -> Refusal | None:
        """See :class:`Guard`."""
        caller = scope.get(CALLER)
        if caller is not None and caller.identity.scopes.issuperset(needed):
            return None
        wanted = tuple(dict.fromkeys((*self._resource.needed, *needed)))
        detail = f"the token does not have the scopes that this needs: {' '.join(wanted)}"
        challenge = self._challenge(wanted, "insufficient_scope", "the token has too few scopes")
        return Refusal(detail, (challenge,), 403, "insufficient-scope")

    async def _validate(self, scope: Scope, given: bytes, now: float) -> Refusal | None:
        try:
            identity, until = await self._validator.validate(given.decode("ascii"), now)
        except UnicodeDecodeError:
            return self._refuse_token("the token is not ASCII text")
        except InvalidTokenError as error:
            return self._refuse_token(str(error))
        except UpstreamError as error:
            log.warning("token not checked", extra={"namespace": self._namespace, "reason": error.detail})
            retry = AUTHORIZATION_SERVER_RETRY_SECONDS
            return Refusal(_UNCHECKED, (), 503, "authorization-server-failed", retry)
        self._verified.add(given, identity, until)
        return self._admit(scope, identity, given)

    def _admit(self, scope: Scope, identity: Identity, given: bytes) -> Refusal | None:
        scope[CALLER] = AuthenticatedCaller(identity, given.decode("ascii"))
        return None if identity.scopes >= self._needed else self.check_scopes(scope, self._resource.needed)

    def _refuse_token(self, why: str) -> Refusal:
        return Refusal(why, (self._challenge(self._resource.needed, "invalid_token", why),))

    def _challenge(self, scopes: Sequence[str], error: str = "", why: str = "") -> str:
        """Return a challenge (RFC 6750, 3; RFC 9728, 5.1). Its values have no quotes, and are ASCII text."""
        fields = {"error": error, "error_description": why, "scope": " ".join(scopes)}
        fields["resource_metadata"] = self._resource.metadata_url
        return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in fields.items() if value)
