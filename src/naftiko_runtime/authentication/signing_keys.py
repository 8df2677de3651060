"""The keys with which an authorization server signs tokens: fetched, kept, and fetched again when they rotate."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.limits import JWKS_BYTES_MAX, JWKS_FRESH_SECONDS, JWKS_RETRY_SECONDS, JWKS_STALE_SECONDS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from joserfc.jwk import Key

    from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
else:
    asyncio = import_lazily("asyncio")

log = logging.getLogger(__name__)

_KEYS_MAX: Final = 100
_TYPES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of a key by the first letters of its algorithm."""


class UnknownKeyError(Exception):
    """No key has this ID."""


class _SigningKey(NamedTuple):
    """A key of the set; the algorithm is None if the set does not say."""

    kid: str | None
    algorithm: str | None
    type: str
    key: Key


class SigningKeys:
    """The keys of one authorization server. Only one request at a time fetches them."""

    def __init__(
        self,
        server: AuthorizationServer,
        find_url: Callable[[], Awaitable[str]],
        forget_tokens: Callable[[], None],
    ) -> None:
        """Keep how keys are fetched.

        Args:
            server: Fetches them.
            find_url: Finds the URL of the key set.
            forget_tokens: Called when a key is gone, so that no token that it signed is accepted again.
        """
        self._server = server
        self._find_url = find_url
        self._forget_tokens = forget_tokens
        self._lock = asyncio.Lock()
        self._keys: tuple[_SigningKey, ...] = ()
        self._written: frozenset[str] = frozenset()
        self.fresh_until = 0.0
        """Until when the keys need not be fetched again, in seconds since 1970."""
        self._usable_until = 0.0
        self._retry_at = 0.0
        self._failure: UpstreamError | None = None

    def choose_key(self, kid: object, algorithm: str) -> Key:
        """Return the key that verifies a signature.

        Raises:
            UnknownKeyError: No key has this ID and algorithm; without an ID, not exactly one key has the algorithm.
        """
        fitting = [one for one in self._keys if one.type == _TYPES[algorithm[:2]]]
        fitting = [one for one in fitting if one.algorithm in (None, algorithm)]
        if kid is not None:
            fitting = [one for one in fitting if one.kid == kid]
        if len(fitting) != 1:
            raise UnknownKeyError
        return fitting[0].key

    async def refresh(self, now: float) -> None:
        """Fetch the keys again, if they are not fresh.

        Raises:
            UpstreamError: They cannot be fetched, and those that are known are too old.
        """
        async with self._lock:
            if now < self.fresh_until:
                return
            if now < self._retry_at and self._failure is not None:
                raise self._failure
            try:
                await self._fetch(now)
            except UpstreamError as error:
                self._retry_at = now + JWKS_RETRY_SECONDS
                if now >= self._usable_until:
                    self._failure = error
                    raise
                self.fresh_until = self._retry_at
                log.warning("keys are not fetched again", extra={"reason": error.detail})

    async def refresh_for_unknown_key(self, now: float) -> bool:
        """Fetch the keys again, because a token names an unknown one. Return whether that was done.

        Callers choose the names, so it is done at most once in :data:`JWKS_RETRY_SECONDS`.

        Raises:
            UpstreamError: The keys cannot be fetched.
        """
        known = self._keys
        async with self._lock:
            if self._keys is not known:  # another request has fetched them meanwhile
                return True
            if now < self._retry_at:
                return False
            self._retry_at = now + JWKS_RETRY_SECONDS
            await self._fetch(now)
            return True

    async def _fetch(self, now: float) -> None:
        url = await self._find_url()
        what = "the key set of the authorization server"
        response = await self._server.get(url, what, JWKS_BYTES_MAX)
        written = response.get("keys") if isinstance(response, dict) else None
        keys = tuple(filter(None, map(_read_key, written[:_KEYS_MAX]))) if isinstance(written, list) else ()
        if not keys:
            raise UpstreamError(f"{what} has no key that can be used")
        identities = frozenset(one.key.thumbprint() for one in keys)
        if not self._written <= identities:
            self._forget_tokens()
        self._keys, self._written, self._failure = keys, identities, None
        self.fresh_until, self._usable_until = now + JWKS_FRESH_SECONDS, now + JWKS_STALE_SECONDS


def _read_key(written: Any) -> _SigningKey | None:
    """Return a public key for signatures. None for any other key, such as a shared secret or one that is too short."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - only exposes with oauth2 need joserfc
    from joserfc.jwk import JWKRegistry  # noqa: PLC0415

    if not isinstance(written, dict) or written.get("use") not in (None, "sig"):
        return None
    if not isinstance(kind := written.get("kty"), str) or kind not in _TYPES.values():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a key that is too short to be safe
            key = JWKRegistry.import_key({name: value for name, value in written.items() if name != "key_ops"})
    except (JoseError, Warning, ValueError, TypeError, KeyError):
        return None
    kid, algorithm = written.get("kid"), written.get("alg")
    return _SigningKey(
        kid if isinstance(kid, str) else None, algorithm if isinstance(algorithm, str) else None, kind, key
    )
