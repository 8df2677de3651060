"""Content codings of a response (RFC 9110, 8.4): what they are, and how they are undone."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from naftiko_runtime.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.upstream.interface import Header

SUPPORTED: Final = frozenset({b"gzip", b"x-gzip", b"deflate"})
_OTHERS: Final = frozenset(
    {b"br", b"zstd", b"compress", b"x-compress", b"dcb", b"dcz", b"exi", b"aes128gcm", b"pack200-gzip"}
)
"""Registered codings (https://www.iana.org/assignments/http-parameters) that are not asked for."""

_CODINGS_MAX: Final = 5
_MEMBERS_MAX: Final = 100_000
_MEMBER_BYTES: Final = 4096
"""What is given to a decompressor at once behind the first member: it copies what it does not use."""
_GZIP_MAGIC: Final = b"\x1f\x8b"
_MEMBER: Final = re.compile(rb"\0*(\x1f\x8b)")
"""What begins another member; zeros may stand before it."""
_GZIP, _ZLIB, _RAW = 31, 15, -15


def list_codings(headers: Iterable[Header]) -> list[bytes]:
    """Return the codings of a body in the order in which they were applied, from all lines of the header.

    Values that are no coding (``identity``, ``none``, ``UTF-8``) are passed over.
    """
    values = [value for name, value in headers if name == b"content-encoding"]
    if not values:
        return []
    named = [part.strip().lower() for value in values for part in value.split(b",")]
    return [name for name in named if name in SUPPORTED or name in _OTHERS]


def decompress(body: bytes, applied: list[bytes], bytes_max: int) -> bytes:
    """Decompress a body, up to the limit.

    Raises:
        UpstreamError: A coding is not supported, the data is broken or cut off, or the result too large.
    """
    if not body:
        return body
    if len(applied) > _CODINGS_MAX:
        raise UpstreamError(f"the upstream's response has more than {_CODINGS_MAX} content codings")
    for coding in reversed(applied):
        if coding not in SUPPORTED:
            raise UpstreamError("the upstream's response has a content coding that was not requested")
        try:
            body = _inflate(body, bytes_max) if coding == b"deflate" else _gunzip(body, bytes_max)
        except (zlib.error, EOFError):
            raise UpstreamError("the compressed data of the upstream's response is invalid") from None
    return body


def _inflate(body: bytes, bytes_max: int) -> bytes:
    """``deflate`` is the zlib format, but some servers send its data bare, or gzip."""
    if body.startswith(_GZIP_MAGIC):
        return _gunzip(body, bytes_max)
    try:
        return _decompress_stream(zlib.decompressobj(_ZLIB), body, bytes_max)
    except zlib.error:
        return _decompress_stream(zlib.decompressobj(_RAW), body, bytes_max)


def _decompress_stream(stream: zlib._Decompress, body: bytes, bytes_max: int) -> bytes:
    result = stream.decompress(body, bytes_max + 1)
    if len(result) > bytes_max:
        raise UpstreamError(describe_excess(bytes_max))
    if not stream.eof:
        raise EOFError
    return result


def _gunzip(body: bytes, bytes_max: int) -> bytes:
    """Decompress all members of a gzip file. Zeros and other bytes after them are ignored."""
    stream = zlib.decompressobj(_GZIP)
    first = _decompress_stream(stream, body, bytes_max)
    if not stream.unused_data:
        return first
    return first + _decompress_members(body, len(body) - len(stream.unused_data), bytes_max, len(first))


def _decompress_members(body: bytes, at: int, bytes_max: int, size: int) -> bytes:
    view = memoryview(body)
    pieces: list[bytes] = []
    members = 1
    while (found := _MEMBER.match(body, at)) is not None:
        at = found.start(1)
        members += 1
        if members > _MEMBERS_MAX:
            raise UpstreamError(f"the upstream's response has more than {_MEMBERS_MAX:,} gzip members")
        stream = zlib.decompressobj(_GZIP)
        while not stream.eof:
            if at == len(body):
                raise EOFError
            given = view[at : at + _MEMBER_BYTES]
            pieces.append(stream.decompress(given, bytes_max + 1 - size))
            at += len(given) - len(stream.unused_data)
            size += len(pieces[-1])
            if size > bytes_max:
                raise UpstreamError(describe_excess(bytes_max))
    return b"".join(pieces)


def describe_excess(bytes_max: int) -> str:
    """Return the message for a body that exceeds the limit."""
    return f"the upstream's response exceeds the limit of {bytes_max:,} bytes"
