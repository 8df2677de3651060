"""Guards: who may call an expose. Every comparison takes the same time whatever is compared."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import MutableMapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

Scope: TypeAlias = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in.

    Attributes:
        detail: One sentence for the caller; never what was expected.
        challenges: Values of ``WWW-Authenticate``, each in a header of its own.
    """

    detail: str
    challenges: tuple[str, ...]


class Guard(Protocol):
    """Decides about requests, before anything else of them is looked at."""

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why a request is refused; nothing when it may come in. Takes credentials for itself out of the scope."""


def is_same(given: bytes, expected: bytes) -> bool:
    """Whether two secrets are the same; its time tells neither their content nor their length."""
    return hmac.compare_digest(sha256(given).digest(), sha256(expected).digest())


def header(scope: Scope, name: bytes) -> bytes | None:
    """A header's value; nothing when it is absent or there are several, of which none can be believed."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0] if len(values) == 1 else None


def credentials(scope: Scope, scheme: bytes) -> bytes | None:
    """What follows a scheme's name in ``Authorization``."""
    value = header(scope, b"authorization")
    if value is None:
        return None
    name, _, rest = value.strip().partition(b" ")
    return rest.strip() if name.lower() == scheme else None


def realm(namespace: str) -> str:
    """A namespace as the quoted realm of a challenge."""
    kept = (c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in namespace)
    return f'realm="{"".join(kept)}"'


class BasicGuard:
    """``Authorization: Basic`` (RFC 7617)."""

    def __init__(self, namespace: str, username: str, password: str) -> None:
        self._expected = f"{username}:{password}".encode()
        self._challenges = (f'Basic {realm(namespace)}, charset="UTF-8"',)

    def refusal(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = credentials(scope, b"basic")
        if given is None:
            return Refusal("a user name and a password are needed", self._challenges)
        try:
            pair = b64decode(given, validate=True)
        except Base64Error:
            pair = b""
        if is_same(pair, self._expected):
            return None
        return Refusal("the user name or the password is wrong", self._challenges)


class BearerGuard:
    """``Authorization: Bearer`` with one fixed token (RFC 6750)."""

    def __init__(self, namespace: str, token: str) -> None:
        self._expected = token.encode()
        self._challenge = f"Bearer {realm(namespace)}"

    def refusal(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = credentials(scope, b"bearer")
        if given is None:
            return Refusal("a bearer token is needed", (self._challenge,))
        if is_same(given, self._expected):
            return None
        return Refusal("the bearer token is wrong", (f'{self._challenge}, error="invalid_token"',))


class ApiKeyGuard:
    """Keys in headers or in the query; all of them are needed."""

    def __init__(self, namespace: str, keys: Iterable[tuple[str, str]], *, in_query: bool) -> None:
        self._keys = {name if in_query else name.lower(): value.encode() for name, value in keys}
        self._in_query = in_query
        # No scheme is registered for keys, but a 401 needs a challenge (RFC 9110, 15.5.2).
        self._challenges = (f"ApiKey {realm(namespace)}",)
        where = "query parameter" if in_query else "header"
        self._needed = f"a key is needed in the {where} {', '.join(repr(name) for name, _ in keys)}"

    def refusal(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = self._from_query(scope) if self._in_query else self._from_headers(scope)
        if set(given) != set(self._keys):
            return Refusal(self._needed, self._challenges)
        same = [is_same(given[name], value) for name, value in self._keys.items()]
        return None if all(same) else Refusal("the key is wrong", self._challenges)

    def _from_headers(self, scope: Scope) -> dict[str, bytes]:
        given = ((name, header(scope, name.encode("latin-1", "replace"))) for name in self._keys)
        return {name: value for name, value in given if value is not None}

    def _from_query(self, scope: Scope) -> dict[str, bytes]:
        """The keys, which go no further than here; one that is given twice counts as absent."""
        given: dict[str, list[bytes]] = {}
        kept: list[bytes] = []
        for field in scope["query_string"].split(b"&"):
            name, _, value = field.partition(b"=")
            if (decoded := unquote_plus(name.decode("latin-1"))) in self._keys:
                given.setdefault(decoded, []).append(unquote_plus(value.decode("latin-1")).encode())
            else:
                kept.append(field)
        scope["query_string"] = b"&".join(kept)
        return {name: values[0] for name, values in given.items() if len(values) == 1}
