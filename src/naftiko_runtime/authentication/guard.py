"""Guards: who may call an expose. A comparison takes the same time for all values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from naftiko_runtime.lazy_import import import_lazily

if TYPE_CHECKING:
    import hashlib
    import hmac

    from naftiko_runtime.asgi_types import Scope
else:
    hashlib = import_lazily("hashlib")
    hmac = import_lazily("hmac")


class Refusal(Struct, frozen=True):
    """Why a request is rejected.

    Attributes:
        detail: One sentence for the caller. It never shows the expected value.
        challenges: Values of ``WWW-Authenticate``, each in a header of its own.
    """

    detail: str
    challenges: tuple[str, ...]


class Guard(Protocol):
    """Accepts or rejects requests, before anything else is checked."""

    def check(self, scope: Scope) -> Refusal | None:
        """Return why a request is rejected. None if it is accepted. Credentials in the scope are removed."""


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
