"""``Authorization: Bearer`` with one fixed token (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from msgspec import Struct

from naftiko_runtime.authentication.guard import Guard, Refusal, format_realm, is_same, read_credentials
from naftiko_runtime.authentication.kind import AuthenticationKind, AuthenticationPart, FixedField, SecretText, require
from naftiko_runtime.model.part import Meanings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.guard import GuardServices
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.terms import Term


class Bearer(AuthenticationPart):
    """``Authorization: Bearer`` with a token."""

    type: Literal["bearer"]
    token: SecretText = ""

    meanings: ClassVar[Meanings] = {"token": ("The token.", "{{TOKEN}}")}


class BearerCredential(Struct, frozen=True):
    """A token for ``Authorization: Bearer``."""

    token: Term


class BearerKind(AuthenticationKind[Bearer, BearerCredential]):
    """See :class:`AuthenticationKind`."""

    name = "bearer"
    part = Bearer
    guards_exposes = True
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "value": "write 'token'",
        "prefix": "write 'type: apikey', 'key: Authorization', and the prefix into the 'value'",
    }

    def link(self, part: Bearer, linker: Linker) -> BearerCredential:
        require(part.token, "token", part.get_path(), linker)
        return BearerCredential(linker.link_secret_text(part.token, part.get_path("token")))

    def sends_in_header(self, _: Bearer) -> bool:
        return True

    def sends_only_headers(self, credential: BearerCredential) -> bool:
        return True

    def list_secrets(self, credential: BearerCredential) -> Sequence[Term]:
        return (credential.token,)

    def list_fixed_fields(self, credential: BearerCredential, text: TextOf) -> Sequence[FixedField]:
        return (FixedField("header", "authorization", f"Bearer {text(credential.token)}"),)

    def open_guard(
        self, credential: BearerCredential, namespace: str, text: TextOf, services: GuardServices
    ) -> BearerGuard:
        return BearerGuard(namespace, text(credential.token))

    def describe_schemes(self, _: BearerCredential) -> Mapping[str, Mapping[str, str]]:
        return {"bearer": {"type": "http", "scheme": "bearer"}}


BEARER: Final = BearerKind()


class BearerGuard(Guard):
    """``Authorization: Bearer``."""

    def __init__(self, namespace: str, token: str) -> None:
        self._expected = token.encode()
        self._challenge = f"Bearer {format_realm(namespace)}"

    def check(self, scope: Scope) -> Refusal | None:
        """See :class:`Guard`."""
        given = read_credentials(scope, b"bearer")
        if given is None:
            return Refusal("a bearer token is needed", (self._challenge,))
        if is_same(given, self._expected):
            return None
        return Refusal("the bearer token is wrong", (f'{self._challenge}, error="invalid_token"',))
