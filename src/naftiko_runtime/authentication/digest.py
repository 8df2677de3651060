"""``Authorization: Digest`` (RFC 7616): computes digests, checks callers, and authenticates to upstreams."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from naftiko_runtime.authentication.flow import Flow, buffer_body, replace_authorization
from naftiko_runtime.authentication.guard import Guard, Refusal, format_realm, is_same, read_credentials
from naftiko_runtime.authentication.nonce_cache import NonceCache
from naftiko_runtime.authentication.user_kind import UserCredential, UserKind, UserPart
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.limits import DIGEST_NONCE_SECONDS

if TYPE_CHECKING:
    import hashlib
    import hmac
    import http
    import secrets
    from collections.abc import Callable, Mapping

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.guard import GuardServices
    from naftiko_runtime.authentication.kind import TextOf
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
else:
    hashlib = import_lazily("hashlib")
    hmac = import_lazily("hmac")
    http = import_lazily("http")
    secrets = import_lazily("secrets")


class Digest(UserPart):
    """``Authorization: Digest`` with a user name and a password, which is never sent."""

    type: Literal["digest"]


class DigestCredential(UserCredential, frozen=True):
    """User name and password for ``Authorization: Digest``."""


class DigestKind(UserKind[Digest, DigestCredential]):
    """See :class:`AuthenticationKind`."""

    name = "digest"
    part = Digest
    credential = DigestCredential

    def open_flow(self, credential: DigestCredential, text: TextOf) -> DigestFlow:
        return DigestFlow(text(credential.username), text(credential.password))

    def open_guard(
        self, credential: DigestCredential, namespace: str, text: TextOf, services: GuardServices
    ) -> DigestGuard:
        return DigestGuard(namespace, text(credential.username), text(credential.password), nonces=services.nonces)

    def describe_schemes(self, _: DigestCredential) -> Mapping[str, Mapping[str, str]]:
        return {"digest": {"type": "http", "scheme": "digest"}}


DIGEST: Final = DigestKind()


ALGORITHMS: Final[Mapping[str, str]] = {"SHA-256": "sha256", "MD5": "md5"}
"""The algorithms that are understood, the better one first, with hashlib's names."""

_CHALLENGE: Final = compile_lazily(r"digest\s+(.*)", re.IGNORECASE | re.DOTALL)
_FIELD: Final = compile_lazily(r'([A-Za-z0-9*_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')


def parse_fields(text: str) -> dict[str, str]:
    """Return the ``name=value`` fields of a challenge or a response, names in lower case."""
    pairs = ((m[1].lower(), re.sub(r"\\(.)", r"\1", m[2]) if m[2] is not None else m[3]) for m in _FIELD.finditer(text))
    return dict(pairs)


def compute_digest(algorithm: str, text: str) -> str:
    """Return the digest of a text in hexadecimal. The algorithm may end in ``-sess``."""
    name = ALGORITHMS[algorithm.upper().removesuffix("-SESS")]
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def compute_response(algorithm: str, secret: str, method: str, uri: str, fields: Mapping[str, str]) -> str:
    """Return the response that proves knowledge of a password.

    Args:
        algorithm: One of :data:`ALGORITHMS`.
        secret: The digest of ``user:realm:password``.
        method: The method of the request.
        uri: The target of the request.
        fields: ``nonce``, and with a ``qop`` also ``nc`` and ``cnonce``.
    """
    request = compute_digest(algorithm, f"{method}:{uri}")
    if "qop" not in fields:
        return compute_digest(algorithm, f"{secret}:{fields['nonce']}:{request}")
    middle = ":".join(fields[name] for name in ("nonce", "nc", "cnonce", "qop"))
    return compute_digest(algorithm, f"{secret}:{middle}:{request}")


class DigestGuard(Guard):
    """Admits callers that know the password, without receiving it. A response works once.

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
        self._realm = format_realm(namespace)
        self._username = username
        text = parse_fields(self._realm)["realm"]
        self._secrets = {name: compute_digest(name, f"{username}:{text}:{password}") for name in ALGORITHMS}
        self._nonces = nonces or NonceCache()
        self._opaque = secrets.token_hex(8)
        self._clock = clock

    def check(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = read_credentials(scope, b"digest")
        if given is None:
            return self._refuse("a digest of user name and password is needed")
        fields = parse_fields(given.decode("latin-1"))
        fault = self._find_fault(scope, fields)
        if fault is not None:
            return self._refuse(fault)
        if not self._is_new(fields["nonce"], int(fields["nc"], 16)):
            return self._refuse("the nonce is used up; use the new one", stale=True)
        return None

    def _find_fault(self, scope: Scope, fields: Mapping[str, str]) -> str | None:
        """Return what is wrong with a response. The age of its nonce is not checked."""
        needed = ("username", "nonce", "uri", "response", "nc", "cnonce", "qop")
        algorithm = fields.get("algorithm", "MD5").upper()
        if algorithm not in ALGORITHMS or any(name not in fields for name in needed) or fields["qop"] != "auth":
            return "the digest is incomplete, or uses an algorithm or qop that was not offered"
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        if fields["uri"].encode("latin-1", "replace") != target or not re.fullmatch("[0-9a-fA-F]{8}", fields["nc"]):
            return "the digest is for another request"
        expected = compute_response(algorithm, self._secrets[algorithm], scope["method"], fields["uri"], fields)
        name = fields["username"].encode("latin-1", "replace")
        known = is_same(name, self._username.encode()), is_same(fields["response"].lower().encode(), expected.encode())
        return None if all(known) else "the user name or the password is wrong"

    def _refuse(self, detail: str, *, stale: bool = False) -> Refusal:
        nonce = self._make_nonce()
        rest = f'nonce="{nonce}", opaque="{self._opaque}", qop="auth", charset=UTF-8{", stale=true" if stale else ""}'
        return Refusal(detail, tuple(f"Digest {self._realm}, algorithm={name}, {rest}" for name in ALGORITHMS))

    def _make_nonce(self) -> str:
        stamp = f"{self._clock():.3f}-{secrets.token_hex(8)}"
        return f"{stamp}-{self._sign(stamp)}"

    def _sign(self, stamp: str) -> str:
        return hmac.new(self._nonces.key, f"{self._realm} {stamp}".encode(), "sha256").hexdigest()[:32]

    def _is_new(self, nonce: str, count: int) -> bool:
        """Return whether a nonce is ours and fresh, and was not used with that count before."""
        stamp, _, signature = nonce.rpartition("-")
        if not is_same(signature.encode("latin-1", "replace"), self._sign(stamp).encode()):
            return False
        issued = float(stamp.partition("-")[0])
        return self._clock() - issued <= DIGEST_NONCE_SECONDS and self._nonces.accept(nonce, issued, count)


class DigestFlow(Flow):
    """Responds to an upstream's digest challenge (RFC 7616), and uses its nonce until the next challenge."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._challenge: Mapping[str, str] | None = None
        self._count = 0

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is read first, since it may have to be sent twice."""
        request = await buffer_body(request)
        used = self._challenge
        sent = request if used is None else self._apply_challenge(request, used)
        response = await transport.send(sent)
        if response.status != http.HTTPStatus.UNAUTHORIZED or (challenge := _find_challenge(response)) is None:
            return response
        if used is not None and challenge.get("stale", "").lower() != "true" and self._challenge is used:
            self._challenge = None  # it knows the nonce, and does not let us in
            return response
        await response.close()
        if self._challenge is used:
            self._challenge, self._count = challenge, 0
        again = replace(request, resend_count=sent.resend_count + 1)  # the client may have sent it again
        return await transport.send(self._apply_challenge(again, self._challenge or challenge))

    def _apply_challenge(self, request: OutboundRequest, challenge: Mapping[str, str]) -> OutboundRequest:
        from naftiko_runtime.upstream.url_origin import split_url  # noqa: PLC0415 - validate sends nothing

        _, uri = split_url(request.url)
        algorithm = challenge.get("algorithm", "MD5")
        cnonce = secrets.token_hex(8)
        secret = compute_digest(algorithm, f"{self._username}:{challenge['realm']}:{self._password}")
        if algorithm.upper().endswith("-SESS"):
            secret = compute_digest(algorithm, f"{secret}:{challenge['nonce']}:{cnonce}")
        fields = {"nonce": challenge["nonce"]}
        if "qop" in challenge:
            self._count += 1
            fields |= {"nc": f"{self._count:08x}", "cnonce": cnonce, "qop": "auth"}
        proof = compute_response(algorithm, secret, request.method, uri, fields)
        quoted = {"username": self._username, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
        quoted |= {"response": proof} | ({"opaque": challenge["opaque"]} if "opaque" in challenge else {})
        parts = [f'{name}="{_escape_quotes(value)}"' for name, value in quoted.items()]
        parts += [f"algorithm={algorithm}"] if "algorithm" in challenge else []
        if "qop" in fields:
            parts += [f"qop=auth, nc={fields['nc']}", f'cnonce="{cnonce}"']
        return replace_authorization(request, "Digest " + ", ".join(parts))


def _escape_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _find_challenge(response: UpstreamResponse) -> Mapping[str, str] | None:
    """Return the strongest challenge that is supported."""
    offered: dict[str, Mapping[str, str]] = {}
    for name, value in response.headers:
        if name != b"www-authenticate" or (match := _CHALLENGE.match(value.decode("latin-1"))) is None:
            continue
        fields = parse_fields(match[1])
        algorithm = fields.get("algorithm", "MD5").upper().removesuffix("-SESS")
        options = [option.strip() for option in fields.get("qop", "auth").split(",")]
        if {"realm", "nonce"} <= fields.keys() and "auth" in options:
            offered.setdefault(algorithm, fields)
    return next((offered[name] for name in ALGORITHMS if name in offered), None)
