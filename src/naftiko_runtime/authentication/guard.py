"""Guards: who may call an expose. A comparison takes the same time for all values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from naftiko_runtime.lazy_import import import_lazily

if TYPE_CHECKING:
    import hashlib
    import hmac
    from collections.abc import Awaitable, Mapping, Sequence

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.nonce_cache import NonceCache
    from naftiko_runtime.upstream.interface import Transport
else:
    hashlib = import_lazily("hashlib")
    hmac = import_lazily("hmac")


class Refusal(Struct, frozen=True):
    """Why a request is rejected.

    Attributes:
        detail: One sentence for the caller. It never shows the expected value.
        challenges: Values of ``WWW-Authenticate``, each in a header of its own.
        status: 401; 403 if the caller is known but may not do this; 503 if it cannot be found out.
        slug: The last part of the problem's type.
        retry_seconds: When the caller may try again; 0 if that does not help.
    """

    detail: str
    challenges: tuple[str, ...] = ()
    status: int = 401
    slug: str = "unauthorized"
    retry_seconds: int = 0


class GuardServices(Struct, frozen=True):
    """What guards use of the program.

    Attributes:
        transport: Sends requests to authorization servers.
        nonces: Signs nonces and rejects replays. By default, each guard has its own.
        public_url: The URL at which callers reach the expose, if the operator gives it.
        paths: The paths of the expose on its port.
    """

    transport: Transport
    nonces: NonceCache | None = None
    public_url: str | None = None
    paths: tuple[str, ...] = ()


Verdict: TypeAlias = "Refusal | Awaitable[Refusal | None] | None"
"""Why a request is rejected; None if it is accepted. Some guards have to ask a server first."""


class Guard(ABC):
    """Accepts or rejects requests, before anything else is checked.

    Attributes:
        public_documents: JSON documents by path, which everybody may read.
    """

    public_documents: Mapping[str, bytes] = {}

    @abstractmethod
    def check(self, scope: Scope) -> Verdict:
        """Return why a request is rejected. None if it is accepted. Credentials in the scope are removed."""

    def check_scopes(self, scope: Scope, needed: Sequence[str]) -> Refusal | None:
        """Return why an accepted caller may not use a part of the expose. None if it may.

        Args:
            scope: The ASGI scope of an accepted request.
            needed: The scopes that the part needs.
        """
        raise AssertionError("refused when linked")


def is_same(given: bytes, expected: bytes) -> bool:
    """Return whether two secrets are equal. The time reveals neither their content nor their length."""
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())


def find_header(scope: Scope, name: bytes) -> bytes | None:
    """Return the value of a header. None if it is absent or occurs twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0] if len(values) == 1 else None


def read_credentials(scope: Scope, scheme: bytes) -> bytes | None:
    """Return what follows a scheme's name in ``Authorization``."""
    value = find_header(scope, b"authorization")
    if value is None:
        return None
    name, _, rest = value.strip().partition(b" ")
    return rest.strip() if name.lower() == scheme else None


def format_realm(namespace: str) -> str:
    """Return a namespace as the quoted realm of a challenge."""
    kept = (c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in namespace)
    return f'realm="{"".join(kept)}"'
