"""The kind of credentials with secrets of each caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from naftiko_runtime.authentication.authorization_server_client import check_endpoint
from naftiko_runtime.authentication.kind import AuthenticationKind, AuthenticationPart, Endpoint
from naftiko_runtime.authentication.secrets_by_subject import CallerSecrets
from naftiko_runtime.vault_client import VaultAccess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.terms import Term


class GetKind(Protocol):
    """Returns the kind of a credential."""

    def __call__(self, credential: Any, /) -> AuthenticationKind[Any, Any]:
        """Return it."""


class CallerSecretsKind(AuthenticationKind[AuthenticationPart, CallerSecrets]):
    """The kind of credentials with secrets of each caller. Documents have the kinds of these credentials."""

    name = "secrets of each caller"
    part = AuthenticationPart

    def __init__(self, get_kind: GetKind) -> None:
        """Keep the table of kinds.

        Args:
            get_kind: Returns the kind of the credential that is sent.
        """
        self._get_kind = get_kind

    def link(self, part: AuthenticationPart, linker: Linker) -> CallerSecrets | None:
        raise AssertionError("linked from the credential of another kind")

    def sets_field(self, credential: CallerSecrets, place: str, name: str) -> bool:
        inner = credential.credential
        return self._get_kind(inner).sets_field(inner, place, name)

    def needs_caller(self, credential: CallerSecrets) -> bool:
        return True

    def identifies_by_subject(self, credential: CallerSecrets) -> bool:
        return True

    def list_endpoints(self, credential: CallerSecrets) -> Sequence[Endpoint]:
        return (Endpoint("the address of Vault", credential.address, check_endpoint),)

    def list_secrets(self, credential: CallerSecrets) -> Sequence[Term]:
        return (credential.token,)

    def open_flow(self, credential: CallerSecrets, text: TextOf) -> Flow:
        # validate sends no request
        from naftiko_runtime.authentication.read_caller_secrets import SecretGrant  # noqa: PLC0415
        from naftiko_runtime.authentication.token_exchange import CallerTokensFlow  # noqa: PLC0415

        access = VaultAccess(text(credential.address), text(credential.token), text(credential.namespace))
        return CallerTokensFlow(SecretGrant(credential, self._get_kind(credential.credential), access, text))
