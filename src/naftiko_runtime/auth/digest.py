"""Digest access authentication (RFC 7616): the arithmetic, and the guard of an expose."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Final

from naftiko_runtime.auth.inbound import Refusal, credentials, is_same, realm
from naftiko_runtime.auth.nonce_cache import NonceCache
from naftiko_runtime.limits import DIGEST_NONCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.auth.inbound import Scope

ALGORITHMS: Final[Mapping[str, str]] = {"SHA-256": "sha256", "MD5": "md5"}
"""The algorithms that are understood, the better one first, with hashlib's names."""

_FIELD: Final = re.compile(r'([A-Za-z0-9*_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')


def fields_of(text: str) -> dict[str, str]:
    """The ``name=value`` fields of a challenge or an answer, names in lower case."""
    pairs = ((m[1].lower(), re.sub(r"\\(.)", r"\1", m[2]) if m[2] is not None else m[3]) for m in _FIELD.finditer(text))
    return dict(pairs)


def hashed(algorithm: str, text: str) -> str:
    """A text's digest in hexadecimal; the algorithm may end in ``-sess``."""
    name = ALGORITHMS[algorithm.upper().removesuffix("-SESS")]
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def response(algorithm: str, secret: str, method: str, uri: str, fields: Mapping[str, str]) -> str:
    """The proof that somebody knows a password.

    Args:
        algorithm: One of :data:`ALGORITHMS`.
        secret: The digest of ``user:realm:password``.
        method: Of the request.
        uri: Its target.
        fields: ``nonce``, and with a ``qop`` also ``nc`` and ``cnonce``.
    """
    request = hashed(algorithm, f"{method}:{uri}")
    if "qop" not in fields:
        return hashed(algorithm, f"{secret}:{fields['nonce']}:{request}")
    middle = ":".join(fields[name] for name in ("nonce", "nc", "cnonce", "qop"))
    return hashed(algorithm, f"{secret}:{middle}:{request}")


class DigestGuard:
    """Lets in who knows the password, without ever receiving it; an answer works once.

    Nonces are signed and carry the time when they were issued, so none is stored before it is used.
    They expire soon: the caller then gets a new one with ``stale=true`` and repeats its request without asking a user.
    """

    def __init__(
        self,
        namespace: str,
        username: str,
        password: str,
        clock: Callable[[], float] = time.monotonic,
        nonces: NonceCache | None = None,
    ) -> None:
        self._realm = realm(namespace)
        self._username = username
        text = fields_of(self._realm)["realm"]
        self._secrets = {name: hashed(name, f"{username}:{text}:{password}") for name in ALGORITHMS}
        self._nonces = nonces or NonceCache()
        self._opaque = secrets.token_hex(8)
        self._clock = clock

    def refusal(self, scope: Scope) -> Refusal | None:
        """See :class:`naftiko_runtime.auth.inbound.Guard`."""
        given = credentials(scope, b"digest")
        if given is None:
            return self._refusal("a digest of user name and password is needed")
        fields = fields_of(given.decode("latin-1"))
        fault = self._fault(scope, fields)
        if fault is not None:
            return self._refusal(fault)
        if not self._is_new(fields["nonce"], int(fields["nc"], 16)):
            return self._refusal("the nonce is used up; answer the new one", stale=True)
        return None

    def _fault(self, scope: Scope, fields: Mapping[str, str]) -> str | None:
        """What is wrong with an answer, its nonce's age aside."""
        needed = ("username", "nonce", "uri", "response", "nc", "cnonce", "qop")
        algorithm = fields.get("algorithm", "MD5").upper()
        if algorithm not in ALGORITHMS or any(name not in fields for name in needed) or fields["qop"] != "auth":
            return "the digest lacks a field, or is of a kind that was not offered"
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        if fields["uri"].encode("latin-1", "replace") != target or not re.fullmatch("[0-9a-fA-F]{8}", fields["nc"]):
            return "the digest is not of this request"
        expected = response(algorithm, self._secrets[algorithm], scope["method"], fields["uri"], fields)
        name = fields["username"].encode("latin-1", "replace")
        known = is_same(name, self._username.encode()), is_same(fields["response"].lower().encode(), expected.encode())
        return None if all(known) else "the user name or the password is wrong"

    def _refusal(self, detail: str, *, stale: bool = False) -> Refusal:
        nonce = self._nonce()
        rest = f'nonce="{nonce}", opaque="{self._opaque}", qop="auth", charset=UTF-8{", stale=true" if stale else ""}'
        return Refusal(detail, tuple(f"Digest {self._realm}, algorithm={name}, {rest}" for name in ALGORITHMS))

    def _nonce(self) -> str:
        stamp = f"{self._clock():.3f}-{secrets.token_hex(8)}"
        return f"{stamp}-{self._signature(stamp)}"

    def _signature(self, stamp: str) -> str:
        return hmac.new(self._nonces.key, f"{self._realm} {stamp}".encode(), "sha256").hexdigest()[:32]

    def _is_new(self, nonce: str, count: int) -> bool:
        """Whether a nonce is ours and fresh, and was not answered with that count before."""
        stamp, _, signature = nonce.rpartition("-")
        if not is_same(signature.encode("latin-1", "replace"), self._signature(stamp).encode()):
            return False
        issued = float(stamp.partition("-")[0])
        return self._clock() - issued <= DIGEST_NONCE_SECONDS and self._nonces.accept(nonce, issued, count)
