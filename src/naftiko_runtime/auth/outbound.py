"""Flows: upstreams that want more than a fixed header. Each keeps what it learns for the next call."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote_plus, urlencode

from msgspec.structs import replace

from naftiko_runtime.auth.digest import ALGORITHMS, fields_of, hashed, response
from naftiko_runtime.errors import UpstreamError, UpstreamUnreachable
from naftiko_runtime.formats import read_json
from naftiko_runtime.limits import (
    REQUEST_BODY_BYTES_MAX,
    TOKEN_EARLY_SECONDS,
    TOKEN_LIFE_SECONDS,
    TOKEN_RESPONSE_BYTES_MAX,
    UPSTREAM_DEADLINE_SECONDS,
)
from naftiko_runtime.transport.base import OutboundRequest
from naftiko_runtime.transport.compression import codings, decompressed
from naftiko_runtime.transport.origin import split_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from naftiko_runtime.transport.base import Transport, UpstreamResponse

_FORM: Final = b"application/x-www-form-urlencoded"
_CHALLENGE: Final = re.compile(r"digest\s+(.*)", re.IGNORECASE | re.DOTALL)


class Flow(Protocol):
    """Sends requests with credentials that take more than one exchange to get."""

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """Send a request as :meth:`Transport.send` does; at most twice, the second time after a 401."""


def with_authorization(request: OutboundRequest, value: str) -> OutboundRequest:
    """A request with other credentials."""
    kept = [pair for pair in request.headers if pair[0] != b"authorization"]
    return replace(request, headers=[*kept, (b"authorization", value.encode())])


async def repeatable(request: OutboundRequest) -> OutboundRequest:
    """A request whose body can be sent twice: a stream is read first."""
    if request.body is None or isinstance(request.body, bytes):
        return request
    body = await _read(request.body, REQUEST_BODY_BYTES_MAX)
    kept = [pair for pair in request.headers if pair[0] != b"content-length"]
    return replace(request, headers=[*kept, (b"content-length", str(len(body)).encode())], body=body)


async def _read(chunks: AsyncIterator[bytes], bytes_max: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > bytes_max:
            raise UpstreamError(f"more than {bytes_max:,} bytes cannot be held to be sent again")
    return bytes(body)


class DigestFlow:
    """Answers an upstream's digest challenge (RFC 7616), and uses its nonce until it asks anew."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._challenge: Mapping[str, str] | None = None
        self._count = 0

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is read first, since it may have to be sent twice."""
        request = await repeatable(request)
        used = self._challenge
        answer = await transport.send(request if used is None else self._answered(request, used))
        if answer.status != HTTPStatus.UNAUTHORIZED or (challenge := _best(answer)) is None:
            return answer
        if used is not None and challenge.get("stale", "").lower() != "true" and self._challenge is used:
            self._challenge = None  # it knows the nonce, and does not let us in
            return answer
        await answer.close()
        if self._challenge is used:
            self._challenge, self._count = challenge, 0
        again = replace(request, resend_count=1)
        return await transport.send(self._answered(again, self._challenge or challenge))

    def _answered(self, request: OutboundRequest, challenge: Mapping[str, str]) -> OutboundRequest:
        _, uri = split_url(request.url)
        algorithm = challenge.get("algorithm", "MD5")
        cnonce = secrets.token_hex(8)
        secret = hashed(algorithm, f"{self._username}:{challenge['realm']}:{self._password}")
        if algorithm.upper().endswith("-SESS"):
            secret = hashed(algorithm, f"{secret}:{challenge['nonce']}:{cnonce}")
        fields = {"nonce": challenge["nonce"]}
        if "qop" in challenge:
            self._count += 1
            fields |= {"nc": f"{self._count:08x}", "cnonce": cnonce, "qop": "auth"}
        proof = response(algorithm, secret, request.method, uri, fields)
        quoted = {"username": self._username, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
        quoted |= {"response": proof} | ({"opaque": challenge["opaque"]} if "opaque" in challenge else {})
        parts = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
        parts += [f"algorithm={algorithm}"] if "algorithm" in challenge else []
        if "qop" in fields:
            parts += [f"qop=auth, nc={fields['nc']}", f'cnonce="{cnonce}"']
        return with_authorization(request, "Digest " + ", ".join(parts))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _best(answer: UpstreamResponse) -> Mapping[str, str] | None:
    """The strongest challenge that can be answered."""
    offered: dict[str, Mapping[str, str]] = {}
    for name, value in answer.headers:
        if name != b"www-authenticate" or (match := _CHALLENGE.match(value.decode("latin-1"))) is None:
            continue
        fields = fields_of(match[1])
        algorithm = fields.get("algorithm", "MD5").upper().removesuffix("-SESS")
        options = [option.strip() for option in fields.get("qop", "auth").split(",")]
        if {"realm", "nonce"} <= fields.keys() and "auth" in options:
            offered.setdefault(algorithm, fields)
    return next((offered[name] for name in ALGORITHMS if name in offered), None)


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    fresh_until: float


class ClientCredentialsFlow:
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
        # The parts are form-encoded before they are joined (RFC 6749, 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        self._authorization = b"Basic " + b64encode(pair.encode())
        self._body = urlencode({"grant_type": "client_credentials", **parameters}).encode()
        self._clock = clock
        self._token: _Token | None = None
        self._fetching: asyncio.Task[_Token] | None = None

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is sent once: a 401 to it is the caller's to repeat."""
        token = await self._fresh(transport)
        answer = await transport.send(with_authorization(request, f"Bearer {token.value}"))
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        if self._token is token:
            self._token = None
        if not isinstance(request.body, bytes | None):
            return answer
        await answer.close()
        token = await self._fresh(transport)
        again = replace(request, resend_count=1)
        return await transport.send(with_authorization(again, f"Bearer {token.value}"))

    async def _fresh(self, transport: Transport) -> _Token:
        """The token, or the one that is being fetched; who gives up waiting leaves the others to it."""
        if self._token is not None and self._clock() < self._token.fresh_until:
            return self._token
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(transport))
            self._fetching.add_done_callback(_seen)
        return await asyncio.shield(self._fetching)

    async def _fetch(self, transport: Transport) -> _Token:
        headers = [
            (b"accept", b"application/json"),
            (b"accept-encoding", b"identity"),
            (b"authorization", self._authorization),
            (b"content-type", _FORM),
        ]
        request = OutboundRequest("token", "POST", self._endpoint, headers, self._body)
        try:
            async with asyncio.timeout(UPSTREAM_DEADLINE_SECONDS):
                answer = await transport.send(request)
                try:
                    body = await _read(answer.chunks(), TOKEN_RESPONSE_BYTES_MAX)
                    body = decompressed(body, codings(answer.headers), TOKEN_RESPONSE_BYTES_MAX)
                    self._token = self._read(answer.status, body)
                finally:
                    await answer.close()
        except TimeoutError:
            raise UpstreamError("the token endpoint did not answer in time") from None
        except UpstreamUnreachable as error:
            message = f"the token endpoint cannot be reached: {error}"
            raise UpstreamError(message, f"the token endpoint cannot be reached: {error.detail}") from None
        return self._token

    def _read(self, status: int, body: bytes) -> _Token:
        """The token of an answer; what else it says may be secret and is not repeated."""
        if status != HTTPStatus.OK:
            raise UpstreamError(f"the token endpoint answered {status}")
        try:
            fields = read_json(body)
            value, life = str(fields["access_token"]), float(fields.get("expires_in") or TOKEN_LIFE_SECONDS)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UpstreamError("the token endpoint gave no access token") from None
        if not value.isascii() or not value.isprintable() or not value:
            raise UpstreamError("the token endpoint gave a token that cannot be sent")
        return _Token(value, self._clock() + life - min(TOKEN_EARLY_SECONDS, life / 10))


def _seen(task: asyncio.Task[_Token]) -> None:
    """Note the error of a fetch that nobody waits for any more, so that nothing complains of it."""
    if not task.cancelled():
        task.exception()
