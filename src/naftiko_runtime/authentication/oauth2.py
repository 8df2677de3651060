"""OAuth 2: a bearer token from a token endpoint, by client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote_plus, urlencode

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.authentication.flow import Flow, read_chunks, replace_authorization
from naftiko_runtime.authentication.kind import AuthenticationKind, AuthenticationPart, Endpoint, SecretText, SentText
from naftiko_runtime.errors import UpstreamError, UpstreamUnreachable
from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.limits import (
    TOKEN_EARLY_SECONDS,
    TOKEN_LIFE_SECONDS,
    TOKEN_RESPONSE_BYTES_MAX,
    UPSTREAM_DEADLINE_SECONDS,
)
from naftiko_runtime.model.key_annotations import BeforeValidator
from naftiko_runtime.model.part import Meanings, Text, convert_none_to_tuple

if TYPE_CHECKING:
    import asyncio
    import http
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.terms import Term
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
else:
    asyncio = import_lazily("asyncio")
    http = import_lazily("http")

_FORM: Final = b"application/x-www-form-urlencoded"
_ENDPOINT: Final = compile_lazily(r"https?://[^\s/?#@\\]+(/[^\s#\\]*)?", re.ASCII)
_ISSUED_KEPT: Final = 2
_FETCHED: Final = "leave it out: tokens are fetched with client credentials"


class OAuth2(AuthenticationPart):
    """A token from a token endpoint, fetched with client credentials (RFC 6749, 4.4).

    ``clientId`` and ``clientSecret`` are outside the specification. Its keys only describe how tokens are checked.
    """

    type: Literal["oauth2"]
    token_endpoint: Text = ""
    client_id: SentText = ""
    client_secret: SecretText = ""
    scopes: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    audience: Text = ""
    authorization_server_uri: Text = ""
    resource: Text = ""
    token_validation: Text = ""

    meanings: ClassVar[Meanings] = {
        "tokenEndpoint": ("The URL at which tokens are fetched.", "https://auth.example.com/token"),
        "clientId": ("The client ID.", "{{CLIENT_ID}}"),
        "clientSecret": ("The client secret.", "{{CLIENT_SECRET}}"),
        "scopes": ("The scopes to request.", ["read"]),
        "audience": ("The API that the token is requested for.", "https://api.example.com"),
        "authorizationServerUri": (
            "The server that issues the tokens of callers. Accepted without effect.",
            "https://auth.example.com",
        ),
        "resource": (
            "The resource that tokens of callers are for. Accepted without effect.",
            "https://api.example.com",
        ),
        "tokenValidation": ("How tokens of callers are validated. Accepted without effect.", "jwks"),
    }


class OAuth2Credential(Struct, frozen=True):
    """A bearer token from a token endpoint. ``parameters`` are sent with the grant."""

    token_endpoint: Term
    client_id: Term
    client_secret: Term
    parameters: tuple[tuple[str, Term], ...] = ()


class OAuth2Kind(AuthenticationKind[OAuth2, OAuth2Credential]):
    """See :class:`AuthenticationKind`."""

    name = "oauth2"
    part = OAuth2
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "tokenUrl": "write 'tokenEndpoint'",
        "token_url": "write 'tokenEndpoint'",
        "authorizationUrl": _FETCHED,
        "grantType": _FETCHED,
        "scope": "write 'scopes', a list",
    }

    def list_spellings(self, _: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return (("tokenUrl", "tokenEndpoint"), ("tokenUri", "tokenEndpoint"))

    def link(self, part: OAuth2, linker: Linker) -> OAuth2Credential | None:
        """Link client credentials, for which the specification has no keys. See docs/writing.md."""
        needed = {"tokenEndpoint": part.token_endpoint, "clientId": part.client_id, "clientSecret": part.client_secret}
        if missing := [key for key, value in needed.items() if not value]:
            linker.report(rules.EMPTY_CREDENTIAL_OAUTH2(missing=tuple(missing)), part.get_path("type"))
            return None
        endpoint = part.token_endpoint
        if "{{" not in endpoint:
            if (fault := _check_endpoint(endpoint)) is not None:
                linker.report(fault, part.get_path("tokenEndpoint"))
                return None
            needed["tokenEndpoint"] = encode_host(endpoint)
        terms = [linker.link_secret_text(value, part.get_path(key)) for key, value in needed.items()]
        more = {"scope": " ".join(part.scopes), "audience": part.audience}
        parameters = (
            (name, linker.link_secret_text(value, part.get_path("type"))) for name, value in more.items() if value
        )
        return OAuth2Credential(terms[0], terms[1], terms[2], tuple(parameters))

    def list_endpoints(self, credential: OAuth2Credential) -> Sequence[Endpoint]:
        return (Endpoint("the token endpoint", credential.token_endpoint, _check_endpoint),)

    def list_secrets(self, credential: OAuth2Credential) -> Sequence[Term]:
        return (credential.client_secret,)

    def derive_secrets(self, credential: OAuth2Credential, text: TextOf) -> Sequence[str]:
        return (_encode_pair(text(credential.client_id), text(credential.client_secret)),)

    def open_flow(self, credential: OAuth2Credential, text: TextOf) -> ClientCredentialsFlow:
        more = {name: text(term) for name, term in credential.parameters}
        client_id, client_secret = text(credential.client_id), text(credential.client_secret)
        return ClientCredentialsFlow(text(credential.token_endpoint), client_id, client_secret, more)


OAUTH2: Final = OAuth2Kind()


def _check_endpoint(endpoint: str) -> Statement | None:
    """Return what is wrong with a token endpoint, or None."""
    try:
        endpoint = encode_host(endpoint)
    except ValueError:
        return rules.INVALID_VALUE_ENDPOINT_HOST()
    return None if _ENDPOINT.fullmatch(endpoint) else rules.INVALID_VALUE_ENDPOINT()


class _Token(Struct, frozen=True):
    value: str
    fresh_until: float


class ClientCredentialsFlow(Flow):
    """A bearer token by client credentials (RFC 6749, 4.4): one fetch for all who wait, renewed before it expires."""

    def __init__(
        self,
        token_endpoint: str,
        client_id: str,
        client_secret: str,
        parameters: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = token_endpoint
        self._authorization = f"Basic {_encode_pair(client_id, client_secret)}".encode()
        self._body = urlencode({"grant_type": "client_credentials", **parameters}).encode()
        self._clock = clock
        self._token: _Token | None = None
        self._issued: deque[str] = deque(maxlen=_ISSUED_KEPT)
        self._fetching: asyncio.Task[_Token] | None = None

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is sent once. After a 401, the caller must repeat the request."""
        token = await self._get_token(transport)
        sent = replace_authorization(request, f"Bearer {token.value}")
        response = await transport.send(sent)
        if response.status != http.HTTPStatus.UNAUTHORIZED:
            return response
        if self._token is token:
            self._token = None
        if not isinstance(request.body, bytes | None):
            return response
        await response.close()
        token = await self._get_token(transport)
        again = replace(request, resend_count=sent.resend_count + 1)  # the client may have sent it again
        return await transport.send(replace_authorization(again, f"Bearer {token.value}"))

    def list_fetched_secrets(self) -> Sequence[str]:
        """Return the last tokens. A response may still contain the previous one."""
        return tuple(self._issued)

    async def aclose(self) -> None:
        """Stop fetching a token."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _get_token(self, transport: Transport) -> _Token:
        """Return the token, or wait for the one that is being fetched. Cancelling one waiter does not affect others."""
        if self._token is not None and self._clock() < self._token.fresh_until:
            return self._token
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(transport))
            self._fetching.add_done_callback(_ignore_error)
        return await asyncio.shield(self._fetching)

    async def _fetch(self, transport: Transport) -> _Token:
        # validate fetches no token
        from naftiko_runtime.upstream.content_decoding import decompress, list_codings  # noqa: PLC0415
        from naftiko_runtime.upstream.interface import OutboundRequest  # noqa: PLC0415

        headers = [
            (b"accept", b"application/json"),
            (b"accept-encoding", b"identity"),
            (b"authorization", self._authorization),
            (b"content-type", _FORM),
        ]
        request = OutboundRequest("token", "POST", self._endpoint, headers, self._body)
        try:
            async with asyncio.timeout(UPSTREAM_DEADLINE_SECONDS):
                response = await transport.send(request)
                try:
                    body = await read_chunks(response.iter_chunks(), TOKEN_RESPONSE_BYTES_MAX)
                    body = decompress(body, list_codings(response.headers), TOKEN_RESPONSE_BYTES_MAX)
                    self._token = self._read(response.status, body)
                    self._issued.append(self._token.value)
                finally:
                    await response.close()
        except TimeoutError:
            raise UpstreamError("the token endpoint did not respond in time") from None
        except UpstreamUnreachable as error:
            message = f"the token endpoint cannot be reached: {error}"
            raise UpstreamError(message, f"the token endpoint cannot be reached: {error.detail}") from None
        return self._token

    def _read(self, status: int, body: bytes) -> _Token:
        """Return the token of a response. Errors do not quote the response: it may contain secrets."""
        from naftiko_runtime.formats import read_json  # noqa: PLC0415 - validate fetches no token

        if status != http.HTTPStatus.OK:
            raise UpstreamError(f"the token endpoint responded with status {status}")
        try:
            fields = read_json(body)
            value, life = str(fields["access_token"]), float(fields.get("expires_in") or TOKEN_LIFE_SECONDS)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UpstreamError("the token endpoint sent no access token") from None
        if not value.isascii() or not value.isprintable() or not value:
            raise UpstreamError("the token endpoint sent a token that a header cannot hold")
        return _Token(value, self._clock() + life - min(TOKEN_EARLY_SECONDS, life / 10))


def _encode_pair(client_id: str, client_secret: str) -> str:
    """Return the value for ``Authorization: Basic``. Both parts are form-encoded first (RFC 6749, 2.3.1)."""
    return b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()).decode()


def _ignore_error(task: asyncio.Task[_Token]) -> None:
    """Read the error of a fetch that nothing waits for, so that asyncio logs no warning."""
    if not task.cancelled():
        task.exception()
