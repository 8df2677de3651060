"""The table of the kinds of authentication: from a part of a document, or a credential of a plan, to its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, TypeAlias, assert_never

from naftiko_runtime.authentication.api_key import API_KEY, ApiKey, ApiKeyCredential
from naftiko_runtime.authentication.basic import BASIC, Basic, BasicCredential
from naftiko_runtime.authentication.bearer import BEARER, Bearer, BearerCredential
from naftiko_runtime.authentication.declared_oauth2 import OAuth2
from naftiko_runtime.authentication.digest import DIGEST, Digest, DigestCredential
from naftiko_runtime.authentication.kind import AuthenticationPart
from naftiko_runtime.authentication.oauth1 import OAUTH1, OAuth1, OAuth1Credential
from naftiko_runtime.authentication.oauth2 import OAUTH2, OAuth2Credential
from naftiko_runtime.authentication.resource_server_setup import ACCEPTED_TOKENS, AcceptedTokens
from naftiko_runtime.authentication.secrets_by_subject import CallerSecrets
from naftiko_runtime.authentication.secrets_by_subject_kind import CallerSecretsKind
from naftiko_runtime.model.key_annotations import Discriminator, Tag
from naftiko_runtime.model.part import Text

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kind import AuthenticationKind
    from naftiko_runtime.model.part import Part

KINDS: Final[tuple[AuthenticationKind[Any, Any], ...]] = (BASIC, BEARER, API_KEY, DIGEST, OAUTH2, OAUTH1)
"""Every kind, in the order in which messages list them."""

KIND_NAMES: Final = tuple(kind.name for kind in KINDS)
"""What ``type`` may say in documents."""


class OtherAuthentication(AuthenticationPart):
    """A type that is not served yet. `validate` reports it."""

    takes_any_key: ClassVar[bool] = True

    type: Text = ""


def _tag_authentication(value: Any) -> str:
    name = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return name if name in KIND_NAMES else "other"


Authentication = Annotated[
    Annotated[Basic, Tag(BASIC.name)]
    | Annotated[Bearer, Tag(BEARER.name)]
    | Annotated[ApiKey, Tag(API_KEY.name)]
    | Annotated[Digest, Tag(DIGEST.name)]
    | Annotated[OAuth2, Tag(OAUTH2.name)]
    | Annotated[OAuth1, Tag(OAUTH1.name)]
    | Annotated[OtherAuthentication, Tag("other")],
    Discriminator(_tag_authentication),
]
"""How a caller proves who it is, in a document; the same shapes serve both sides."""

Credential: TypeAlias = (
    BasicCredential
    | BearerCredential
    | ApiKeyCredential
    | DigestCredential
    | OAuth2Credential
    | OAuth1Credential
    | AcceptedTokens
    | CallerSecrets
)
"""How a caller proves who it is, in a plan."""

_BY_PART: Final = {kind.part: kind for kind in KINDS}


def find_kind(part: Part) -> AuthenticationKind[Any, Any] | None:
    """Return the kind of a part of a document. None without authentication, or for a type that is not served."""
    return _BY_PART.get(type(part))


def get_kind(credential: Credential) -> AuthenticationKind[Any, Any]:  # noqa: PLR0911 - one for each kind
    """Return the kind of a credential."""
    match credential:
        case BasicCredential():
            return BASIC
        case BearerCredential():
            return BEARER
        case ApiKeyCredential():
            return API_KEY
        case DigestCredential():
            return DIGEST
        case OAuth2Credential():
            return OAUTH2
        case OAuth1Credential():
            return OAUTH1
        case AcceptedTokens():
            return ACCEPTED_TOKENS
        case CallerSecrets():
            return _CALLER_SECRETS
        case _:
            assert_never(credential)


_CALLER_SECRETS: Final = CallerSecretsKind(get_kind)
