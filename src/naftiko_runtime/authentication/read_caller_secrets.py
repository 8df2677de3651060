"""Reads the secrets of one caller from Vault, and sends requests with them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.authentication.secrets_by_subject import SUBJECT
from naftiko_runtime.authentication.token_cache import TokenResults
from naftiko_runtime.encode_for_place import encode_header
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.limits import CALLER_SECRET_SECONDS, MISSING_SECRET_SECONDS, MISSING_SECRETS_MAX
from naftiko_runtime.terms import Composed, Constant, Variable
from naftiko_runtime.vault_client import MissingSecretError, VaultError, read_vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.asgi_types import Header
    from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
    from naftiko_runtime.authentication.kind import AuthenticationKind, TextOf
    from naftiko_runtime.authentication.secrets_by_subject import CallerSecrets
    from naftiko_runtime.caller_identity import AuthenticatedCaller
    from naftiko_runtime.upstream.interface import OutboundRequest
    from naftiko_runtime.vault_client import VaultAccess

_SUBJECT_CHARACTERS_MAX: Final = 512
_THREADS: Final = 4
"""How many secrets are read at the same time. A slow Vault takes no threads from other work."""
_MISSING: Final = "no secret of the caller is stored for this API"
_UNREADABLE: Final = "the secret of the caller for this API cannot be read now"


class CallerSecret(Struct, frozen=True):
    """The headers with the secrets of one caller, and until when they are used. ``repr()`` hides them.

    Attributes:
        headers: What is sent.
        secrets: The texts that no output may show.
        fresh_until: Until when it is used, by the clock of who reads it.
    """

    headers: tuple[Header, ...]
    secrets: tuple[str, ...]
    fresh_until: float

    def __repr__(self) -> str:
        return "CallerSecret(***)"

    def authorize(self, request: OutboundRequest) -> OutboundRequest:
        """Return a request with these headers, in place of others with their names."""
        names = {name for name, _ in self.headers}
        kept = [pair for pair in request.headers if pair[0] not in names]
        return replace(request, headers=[*kept, *self.headers])


class SecretGrant:
    """Reads the secrets of a caller. See :class:`naftiko_runtime.authentication.token_exchange.TokenGrant`."""

    def __init__(
        self, credential: CallerSecrets, kind: AuthenticationKind[Any, Any], access: VaultAccess, text: TextOf
    ) -> None:
        """Keep where secrets are.

        Args:
            credential: What is sent.
            kind: The kind of what is sent.
            access: How Vault is reached.
            text: Returns the text of a term that is no caller's.
        """
        self._credential = credential
        self._kind = kind
        self._access = access
        self._text = text
        self._missing: TokenResults[str] = TokenResults(MISSING_SECRETS_MAX)

    async def request(self, _server: AuthorizationServer, caller: AuthenticatedCaller, now: float) -> CallerSecret:
        """Read the secrets of a caller.

        Raises:
            UpstreamError: There are none, or they cannot be read or sent.
        """
        if not caller.identity.has_subject:
            raise UpstreamError("this API needs a secret of the caller, and the caller's token names no subject")
        subject = caller.identity.subject.encode("utf-8", "surrogatepass")
        if (why := self._missing.find(subject, now)) is not None:
            raise UpstreamError(why)
        path = fill_path(self._credential.path, caller.identity.subject)
        work = partial(read_vault, self._access, self._credential.mount, path)
        try:
            found = await asyncio.get_running_loop().run_in_executor(_get_executor(), work)
        except MissingSecretError:
            self._missing.add(subject, _MISSING, now + MISSING_SECRET_SECONDS)
            raise UpstreamError(_MISSING) from None
        except VaultError as error:
            raise UpstreamError(_UNREADABLE, f"{_UNREADABLE}: {error}") from None
        return self._make_secret(found, now)

    def _make_secret(self, found: Mapping[str, Any], now: float) -> CallerSecret:
        values: dict[str, str] = {}
        for name, key in self._credential.keys:
            value = found.get(key)
            if not isinstance(value, str) or not value:
                why = f"the secret of the caller for this API has no text at '{key}'"
                raise UpstreamError("the secret of the caller for this API is not complete", why)
            values[name] = value
        inner = _fill(self._credential.credential, values)
        try:
            fields = self._kind.list_fixed_fields(inner, self._text)
            headers = tuple((field.name.encode(), encode_header(field.value)) for field in fields)
        except Unrenderable:
            raise UpstreamError("the secret of the caller for this API cannot be sent in a header") from None
        derived = self._kind.derive_secrets(inner, self._text)
        return CallerSecret(headers, (*values.values(), *derived), now + CALLER_SECRET_SECONDS)


def fill_path(path: str, subject: str) -> str:
    """Return the path of a subject, which is encoded to one segment: every subject has a path of its own.

    Letters, digits, ``_``, ``-``, ``~`` and ``.`` are unchanged, everything else is ``%XX`` (of UTF-8).

    Raises:
        UpstreamError: The subject is empty, too long, or no Unicode text.
    """
    if not 0 < len(subject) <= _SUBJECT_CHARACTERS_MAX:
        raise UpstreamError("the subject of the caller's token is empty or too long to have a secret")
    try:
        encoded = quote(subject, safe="")
    except UnicodeEncodeError:
        raise UpstreamError("the subject of the caller's token is not Unicode text") from None
    if not encoded.strip("."):  # a path of dots alone leads elsewhere
        encoded = encoded.replace(".", "%2E")
    return "/".join(encoded if segment == SUBJECT else segment for segment in path.split("/"))


@cache
def _get_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="vault")


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    """Return a credential with the values of its variables of callers."""
    match value:
        case Variable(name):
            return Constant(values[name]) if name in values else value
        case Composed(parts):
            return Composed(tuple(_fill(part, values) for part in parts))
        case tuple():
            return tuple(_fill(part, values) for part in value)
        case Struct():
            fields = ((name, _fill(getattr(value, name), values)) for name in value.__struct_fields__)
            return replace(value, **dict(fields))
        case _:
            return value
