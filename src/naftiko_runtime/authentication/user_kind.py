"""What the kinds with a user name and a password have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from msgspec import Struct

from naftiko_runtime.authentication.kind import (
    PASSWORD,
    USERNAME,
    AuthenticationKind,
    AuthenticationPart,
    SecretText,
    SentText,
    require,
)
from naftiko_runtime.model.part import Meanings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.kind import Linker
    from naftiko_runtime.terms import Term


class UserPart(AuthenticationPart):
    """A user name and a password."""

    type: Literal["basic", "digest"]
    username: SentText = ""
    password: SecretText = ""

    meanings: ClassVar[Meanings] = {"username": USERNAME, "password": PASSWORD}


class UserCredential(Struct, frozen=True):
    """A user name and a password."""

    username: Term
    password: Term


PartT = TypeVar("PartT", bound=UserPart)
CredentialT = TypeVar("CredentialT", bound=UserCredential)


class UserKind(AuthenticationKind[PartT, CredentialT]):
    """A kind with a user name and a password.

    Attributes:
        credential: The class of its credentials.
    """

    credential: type[CredentialT]
    guards_exposes = True
    foreign_keys: ClassVar[Mapping[str, str]] = {"user": "write 'username'", "pass": "write 'password'"}

    def link(self, part: PartT, linker: Linker) -> CredentialT:
        username = linker.link_secret_text(part.username, part.get_path("username"))
        return self.credential(username, linker.link_secret_text(part.password, part.get_path("password")))

    def link_guard(self, part: PartT, linker: Linker) -> CredentialT:
        require(part.username, "username", part.get_path(), linker)
        require(part.password, "password", part.get_path(), linker)
        return self.link(part, linker)

    def list_secrets(self, credential: CredentialT) -> Sequence[Term]:
        return (credential.password,)
