"""The result of an operation: the bytes of the upstream, unchanged, or a value that is mapped from them."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.upstream.content_decoding import decompress, describe_excess, list_codings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.upstream.interface import Header, UpstreamResponse

PASSED_HEADERS: Final = frozenset(
    {
        b"accept-ranges",
        b"age",
        b"cache-control",
        b"content-disposition",
        b"content-language",
        b"content-type",
        b"etag",
        b"expires",
        b"last-modified",
        b"link",
        b"location",
        b"ratelimit",
        b"retry-after",
        b"vary",
        b"x-request-id",
        b"x-total-count",
    }
)
"""Response headers that callers get, with those that begin with one of :data:`_LIMITS`."""

_LIMITS: Final = (b"ratelimit-", b"x-ratelimit-")

BODY_HEADERS: Final = frozenset({b"content-encoding", b"content-length", b"content-range"})
"""Describe the bytes of an untouched body, and are passed on with them."""

URL_HEADERS: Final = frozenset({b"content-location", b"link", b"location"})
"""Response headers that have URLs of the upstream's resources."""


def format_status(status: int) -> str:
    """Return a status code with its phrase, if it has one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class KeptHeaders(Struct, frozen=True):
    """The names of the response headers that callers get, with those that begin with one of :data:`_LIMITS`.

    Attributes:
        plain: Headers that are passed on unchanged.
        urls: Headers that have URLs of the upstream's resources.
        named: Whether the document or the operator adds some.
    """

    plain: frozenset[bytes]
    urls: frozenset[bytes]
    named: bool = False


_KEPT: Final = KeptHeaders((PASSED_HEADERS | BODY_HEADERS) - URL_HEADERS, PASSED_HEADERS & URL_HEADERS)

_OF_BYTES: Final = BODY_HEADERS | {b"accept-ranges", b"content-type"}
"""Describe the bytes of the upstream, which callers of a mapped operation do not get."""

NOTHING: Final = object()
_CHARSET: Final = re.compile(rb";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def choose_kept_headers(exposed: frozenset[bytes]) -> KeptHeaders:
    """Choose the response headers that callers get: these, and those that they always get."""
    if not exposed:
        return _KEPT
    return KeptHeaders(_KEPT.plain | (exposed - URL_HEADERS), _KEPT.urls | (exposed & URL_HEADERS), named=True)


class OperationResult:
    """The result of an operation.

    Attributes:
        status: The upstream's status code.
        headers: The response headers that are passed on; with those of the body if it is untouched.
        value: The shaped value; :data:`NOTHING` if the upstream's bytes are the result.
        mismatched: Whether the value has something of another type than declared.
        url: The URL of the request, to which relative locations are relative.
        has_urls: Whether a header has URLs of the upstream's resources.
        held: The untouched body if it is already in memory; None if it streams.
        response: The response of the upstream.
    """

    __slots__ = ("_bytes_max", "has_urls", "headers", "held", "mismatched", "response", "status", "url", "value")

    def __init__(self, response: UpstreamResponse, url: str, bytes_max: int, kept: KeptHeaders = _KEPT) -> None:
        self.response = response
        self.url = url
        self.status = response.status
        plain, headers = kept.plain, []
        self.has_urls = False
        for header in response.headers:  # a loop is faster than a comprehension for so few
            name = header[0]
            if name in plain or name.startswith(_LIMITS):
                headers.append(header)
            elif name in kept.urls:
                headers.append(header)
                self.has_urls = True
        self.headers = headers
        if kept.named:
            self.headers = _drop_hop_headers(self.headers, response.headers)
        self.value: Any = NOTHING
        self.held: bytes | None = None
        self.mismatched = False
        self._bytes_max = bytes_max

    @property
    def is_mapped(self) -> bool:
        """Whether :attr:`value` is the result."""
        return self.value is not NOTHING

    def get_header(self, name: bytes) -> bytes:
        """Return the value of a header. Empty if there is none."""
        return next((value for key, value in self.headers if key == name), b"")

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return self.get_header(b"content-type").partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def charset(self) -> str | None:
        """The charset of the content type; None if it has none."""
        found = _CHARSET.search(self.get_header(b"content-type"))
        return None if found is None else found[1].decode("latin-1")

    def set_value(self, value: Any) -> None:
        """Make a value the result."""
        self.value = value
        self.drop_byte_headers()

    def drop_byte_headers(self) -> None:
        """Drop the headers that describe the upstream's bytes, and weaken the entity tag: callers get other bytes."""
        self.headers = [_weaken(h) if h[0] == b"etag" else h for h in self.headers if h[0] not in _OF_BYTES]

    def set_media_type(self, media_type: str) -> None:
        """Replace the content type of the upstream."""
        others = [h for h in self.headers if h[0] != b"content-type"]
        self.headers = [*others, (b"content-type", media_type.encode())]

    async def limit_body(self, bytes_max: int) -> None:
        """Limit the size of an untouched body.

        A body of unknown length is read into memory. If the limit is more than may be held in memory, it streams, and
        reading it raises UpstreamError at the limit.

        Raises:
            UpstreamError: It is larger.
        """
        length = self.get_header(b"content-length")
        if length.isdigit():
            if int(length) > bytes_max:
                raise UpstreamError(describe_excess(bytes_max))
        elif bytes_max > self._bytes_max:
            self.response = _LimitedResponse(self.response, bytes_max)
        else:
            self._bytes_max = bytes_max
            self.hold_body(await self.read())

    def hold_body(self, body: bytes) -> None:
        """Make bytes, already read and decompressed, the untouched body."""
        self.held = body
        if self.get_header(b"content-encoding"):
            self.headers = [_weaken(h) if h[0] == b"etag" else h for h in self.headers]
        self.headers = [h for h in self.headers if h[0] not in (b"content-encoding", b"content-length")]

    def set_empty(self) -> None:
        """Make the body empty, because there is nothing to map."""
        self.held = b""
        self.drop_byte_headers()

    def encode_json(self) -> bytes:
        """Encode the value as JSON.

        Raises:
            UpstreamError: It has something that JSON cannot represent, such as a lone surrogate.
        """
        try:
            return encode_json(self.value)
        except Unrenderable:
            raise UpstreamError("the upstream's response contains text that JSON cannot represent") from None

    async def read(self) -> bytes:
        """Read the whole body, decompressed.

        Raises:
            UpstreamError: It is larger than the limit, or its compression is not supported or broken.
        """
        if self.held is not None:
            return self.held
        body = self.response.read_whole()
        if body is None:
            body = await self._collect()
        elif len(body) > self._bytes_max:
            raise UpstreamError(describe_excess(self._bytes_max))
        applied = list_codings(self.headers)
        return decompress(body, applied, self._bytes_max) if applied else body

    async def _collect(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in self.response.iter_chunks():
            size += len(chunk)
            if size > self._bytes_max:
                raise UpstreamError(describe_excess(self._bytes_max))
            chunks.append(chunk)
        return b"".join(chunks)


def _weaken(etag: Header) -> Header:
    """Make an entity tag weak: other bytes are at best equivalent to those that it identifies (RFC 9110, 8.8.1)."""
    name, value = etag
    if value.startswith(b"W/"):
        return etag
    return name, b"W/" + (value if value.startswith(b'"') else b'"' + value.replace(b'"', b"") + b'"')


def _drop_hop_headers(headers: list[Header], received: Sequence[Header]) -> list[Header]:
    """Drop the headers that ``Connection`` names, which are for the next hop only."""
    hop = {token.strip().lower() for name, value in received if name == b"connection" for token in value.split(b",")}
    return [h for h in headers if h[0] not in hop] if hop else headers


class _LimitedResponse:
    """A response whose body raises an error if it is too large."""

    __slots__ = ("_bytes_max", "_response", "close", "headers", "is_complete", "status")

    def __init__(self, response: UpstreamResponse, bytes_max: int) -> None:
        self._response = response
        self._bytes_max = bytes_max
        self.status = response.status
        self.headers = response.headers
        self.is_complete = response.is_complete
        self.close = response.close

    def read_whole(self) -> bytes | None:
        body = self._response.read_whole()
        if body is not None and len(body) > self._bytes_max:
            raise UpstreamError(describe_excess(self._bytes_max))
        return body

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._response.iter_chunks():
            size += len(chunk)
            if size > self._bytes_max:
                raise UpstreamError(describe_excess(self._bytes_max))
            yield chunk
