"""Requests to authorization servers: tokens, keys, metadata and introspection."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from naftiko_runtime import rules
from naftiko_runtime.authentication.flow import read_chunks
from naftiko_runtime.errors import UpstreamError, UpstreamUnreachable
from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.lazy_import import compile_lazily, import_lazily
from naftiko_runtime.limits import TOKEN_RESPONSE_BYTES_MAX

if TYPE_CHECKING:
    import asyncio
    import http
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.rules import Statement
    from naftiko_runtime.upstream.interface import Header, Transport
else:
    asyncio = import_lazily("asyncio")
    http = import_lazily("http")

_FORM: Final = (b"content-type", b"application/x-www-form-urlencoded")
_ACCEPTED: Final = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"))
_ENDPOINT: Final = compile_lazily(r"https?://[^\s/?#@\\]+(/[^\s#\\]*)?", re.ASCII)


def check_endpoint(endpoint: str) -> Statement | None:
    """Return what is wrong with the URL of an endpoint, or None."""
    try:
        endpoint = encode_host(endpoint)
    except ValueError:
        return rules.INVALID_VALUE_ENDPOINT_HOST()
    return None if _ENDPOINT.fullmatch(endpoint) else rules.INVALID_VALUE_ENDPOINT()


class AuthorizationServer:
    """Sends requests to the endpoints of an authorization server. It follows no redirect.

    Errors quote neither requests nor responses: they may contain secrets.
    """

    def __init__(self, transport: Transport, seconds: float, operation: str) -> None:
        """Keep what all requests share.

        Args:
            transport: Sends the requests.
            seconds: The time limit of a request.
            operation: The name of the requests, for metrics and traces.
        """
        self._transport = transport
        self._seconds = seconds
        self._operation = operation

    async def get(self, url: str, what: str, bytes_max: int = TOKEN_RESPONSE_BYTES_MAX) -> Any:
        """Return the JSON at a URL. Arguments and errors as for :meth:`post`."""
        return _read_json(await self._send("GET", url, what, _ACCEPTED, None, bytes_max), f"{what} sent no JSON")

    async def post(
        self,
        url: str,
        what: str,
        fields: Mapping[str, str],
        authorization: bytes | None,
        no_json: str = "sent no JSON",
    ) -> Any:
        """Send a form and return the JSON of the response.

        Args:
            url: The endpoint.
            what: What messages call the endpoint.
            fields: The form.
            authorization: The value of the header ``Authorization``, if there is one.
            no_json: What the endpoint did, if the response is no JSON.

        Raises:
            UpstreamError: There is no response with the status 200 and JSON.
        """
        headers = [*_ACCEPTED, _FORM]
        if authorization is not None:
            headers.append((b"authorization", authorization))
        body = urlencode(fields).encode()
        received = await self._send("POST", url, what, headers, body, TOKEN_RESPONSE_BYTES_MAX)
        return _read_json(received, f"{what} {no_json}")

    async def _send(
        self, method: str, url: str, what: str, headers: Sequence[Header], body: bytes | None, bytes_max: int
    ) -> bytes:
        # validate sends no request
        from naftiko_runtime.upstream.content_decoding import decompress, list_codings  # noqa: PLC0415
        from naftiko_runtime.upstream.interface import OutboundRequest  # noqa: PLC0415

        request = OutboundRequest(self._operation, method, url, headers, body)
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._transport.send(request)
                try:
                    received = await read_chunks(response.iter_chunks(), bytes_max)
                    received = decompress(received, list_codings(response.headers), bytes_max)
                    status = response.status
                finally:
                    await response.close()
        except TimeoutError:
            raise UpstreamError(f"{what} did not respond in time") from None
        except UpstreamUnreachable as error:
            message = f"{what} cannot be reached"
            raise UpstreamError(f"{message}: {error}", f"{message}: {error.detail}") from None
        if status != http.HTTPStatus.OK:
            message = f"{what} responded with status {status}"
            raise UpstreamError(message, f"{message}: {_shorten_url(url)}")
        return received


def _shorten_url(url: str) -> str:
    """Return a URL without user and query, which may have secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _read_json(body: bytes, fault: str) -> Any:
    from naftiko_runtime.formats import read_json  # noqa: PLC0415 - validate sends no request

    try:
        return read_json(body)
    except ValueError:
        raise UpstreamError(fault) from None


def encode_pair(client_id: str, client_secret: str) -> str:
    """Return the value for ``Authorization: Basic``. Both parts are form-encoded first (RFC 6749, 2.3.1)."""
    return b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode()).decode()


def is_safe_url(url: str, *, beside: str) -> bool:
    """Return whether a URL that a server's metadata names is used: https, unless that of the server is http."""
    if check_endpoint(url) is not None:
        return False
    return url.startswith("https://") or beside.startswith("http://")
