"""``Authorization: Basic`` with a user name and a password (RFC 7617)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Final, Literal

from naftiko_runtime.authentication.guard import Guard, Refusal, format_realm, is_same, read_credentials
from naftiko_runtime.authentication.kind import FixedField
from naftiko_runtime.authentication.user_kind import UserCredential, UserKind, UserPart
from naftiko_runtime.encode_for_place import encode_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.guard import GuardServices
    from naftiko_runtime.authentication.kind import TextOf


class Basic(UserPart):
    """``Authorization: Basic`` with a user name and a password."""

    type: Literal["basic"]


class BasicCredential(UserCredential, frozen=True):
    """User name and password for ``Authorization: Basic``."""


class BasicKind(UserKind[Basic, BasicCredential]):
    """See :class:`AuthenticationKind`."""

    name = "basic"
    part = Basic
    credential = BasicCredential

    def sends_only_headers(self, credential: BasicCredential) -> bool:
        return True

    def derive_secrets(self, credential: BasicCredential, text: TextOf) -> Sequence[str]:
        return (_encode_token(credential, text),)

    def list_fixed_fields(self, credential: BasicCredential, text: TextOf) -> Sequence[FixedField]:
        for part in (credential.username, credential.password):
            encode_header(text(part))  # RFC 7617 allows no control characters either, though base64 would hide them
        return (FixedField("header", "authorization", f"Basic {_encode_token(credential, text)}"),)

    def open_guard(
        self, credential: BasicCredential, namespace: str, text: TextOf, services: GuardServices
    ) -> BasicGuard:
        return BasicGuard(namespace, text(credential.username), text(credential.password))

    def describe_schemes(self, _: BasicCredential) -> Mapping[str, Mapping[str, str]]:
        return {"basic": {"type": "http", "scheme": "basic"}}


BASIC: Final = BasicKind()


def _encode_token(credential: BasicCredential, text: TextOf) -> str:
    """Return what ``Authorization: Basic`` carries."""
    return b64encode(f"{text(credential.username)}:{text(credential.password)}".encode()).decode()


class BasicGuard(Guard):
    """``Authorization: Basic``."""

    def __init__(self, namespace: str, username: str, password: str) -> None:
        self._expected = f"{username}:{password}".encode()
        self._challenges = (f'Basic {format_realm(namespace)}, charset="UTF-8"',)

    def check(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = read_credentials(scope, b"basic")
        if given is None:
            return Refusal("a user name and a password are needed", self._challenges)
        try:
            pair = b64decode(given, validate=True)
        except Base64Error:
            pair = b""
        if is_same(pair, self._expected):
            return None
        return Refusal("the user name or the password is wrong", self._challenges)
