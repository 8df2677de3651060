"""An authorization server on loopback: keys that rotate, metadata, introspection and token exchange."""

from __future__ import annotations

import hmac
import json
import time
import warnings
from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from support.upstream import Reply, Upstream

PATH = "/tenant"
URN = "urn:ietf:params:oauth"
RESOURCE = "https://ships.example/mcp"
CLIENT = ("ships", "s+3/cret")
PAIR = b64encode(b"ships:s%2B3%2Fcret").decode()
METADATA_PATH = f"/.well-known/oauth-authorization-server{PATH}"

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa-2"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
Key = RSAKey | ECKey | OKPKey


def respond(value: Any, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())


class AuthorizationServer(Upstream):
    """Issues tokens as a test asks for them, and answers those who check them.

    Attributes:
        keys: The published keys.
        metadata: Members that replace those of the metadata.
        active: The fields of introspection, by token. Other tokens are not active.
        failing: Whether every request gets 500.
        refuses_grants: Whether every request for a token gets 400.
        forms: What the token endpoint was asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[Key] = [RSA, EC, ED]
        self.metadata: dict[str, Any] = {}
        self.active: dict[str, dict[str, Any]] = {}
        self.failing = False
        self.refuses_grants = False
        self.forms: list[dict[str, str]] = []

    @property
    def issuer(self) -> str:
        return self.url + PATH

    def make_environment(self) -> dict[str, str]:
        """The variables of ``oauth2.yaml``."""
        own = {"O_ISSUER": self.issuer, "O_TOKENS": f"{self.url}/token"}
        return own | {"O_RESOURCE": RESOURCE, "O_SECRET": CLIENT[1]}

    def make_claims(self, **changes: Any) -> dict[str, Any]:
        """Claims that are accepted; ``None`` as a change leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": RESOURCE,
            "sub": "alice",
            "client_id": "agent",
            "iat": now,
            "exp": now + 600,
            "scope": "ships:read",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def sign(self, key: Key = RSA, alg: str = "RS256", typ: str | None = "at+jwt", **changes: Any) -> str:
        """A token; ``kid`` among the changes replaces the key's."""
        header = {"alg": alg, "kid": changes.pop("kid", key.kid), "typ": typ}
        header = {name: value for name, value in header.items() if value is not None}
        claims = self.make_claims(**changes)
        with warnings.catch_warnings(category=SecurityWarning, action="ignore"):  # of EdDSA, which has a new name
            return jwt.encode(header, claims, key, [alg], default_type=None)

    def make_unsigned(self) -> str:
        """A token with the algorithm ``none``."""
        return _join({"alg": "none", "typ": "at+jwt"}, self.make_claims()) + "."

    def confuse(self) -> str:
        """A token signed with the public key as if it were a shared secret. joserfc refuses to make it."""
        signed = _join({"alg": "HS256", "kid": RSA.kid, "typ": "at+jwt"}, self.make_claims())
        signature = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_encode(signature)}"

    def count(self, path: str) -> int:
        """How many requests asked for a path."""
        return sum(request.target == path for request in self.received)

    def _record(self, scope: Any, body: bytes) -> Reply:
        scripted = super()._record(scope, body)
        if self.failing:
            return Reply(500)
        match scope["path"]:
            case "/.well-known/oauth-authorization-server/tenant":
                return respond(self._describe())
            case "/keys":
                return respond({"keys": [key.as_dict(private=False) for key in self.keys]})
            case "/introspect":
                return self._introspect(dict(parse_qsl(body.decode())))
            case "/token":
                return self._exchange(dict(parse_qsl(body.decode())))
        return scripted

    def _describe(self) -> dict[str, Any]:
        own = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.url}/keys",
            "introspection_endpoint": f"{self.url}/introspect",
            "token_endpoint": f"{self.url}/token",
        }
        return own | self.metadata

    def _exchange(self, form: dict[str, str]) -> Reply:
        """Issue ``UPSTREAM:SUBJECT`` in exchange for a caller's token, or for an assertion that was issued for one."""
        self.forms.append(form)
        if self.last.header("authorization") != f"Basic {PAIR}":
            return Reply(401)
        if self.refuses_grants:
            return respond({"error": "invalid_grant"}, 400)
        asked = form["grant_type"].removeprefix(f"{URN}:grant-type:")
        if asked == "jwt-bearer":
            subject = form["assertion"].removeprefix("assertion:")
        else:
            subject = self._read_subject(form["subject_token"])
        is_assertion = form.get("requested_token_type") == f"{URN}:token-type:id-jag"
        token = f"{'assertion' if is_assertion else 'upstream'}:{subject}"
        kind = "N_A" if is_assertion else "Bearer"
        return respond({"access_token": token, "token_type": kind, "expires_in": 600})

    def _read_subject(self, token: str) -> str:
        subject: str = jwt.decode(token, RSA, ["RS256"]).claims["sub"]
        return subject

    def _introspect(self, form: dict[str, str]) -> Reply:
        if self.last.header("authorization") != f"Basic {PAIR}":
            return Reply(401)
        fields = self.active.get(form["token"])
        return respond({"active": False} if fields is None else {"active": True, **fields})


def _encode(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def _join(*parts: Any) -> str:
    return ".".join(_encode(json.dumps(part).encode()) for part in parts)
