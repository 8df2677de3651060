"""Avro: one value by the schema of ``outputSchema``, or an object container file with its own schema."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from naftiko_runtime.formats.avro_binary import Cursor, read_bytes, read_long
from naftiko_runtime.formats.avro_schema import compile_schema
from naftiko_runtime.limits import RESPONSE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.formats.decoder_type import Decode


class _Decompressor(Protocol):
    """Decompresses one block, as the three libraries do."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_CONTAINER: Final = b"Obj\x01"
_SYNC_BYTES: Final = 16
_LZMA_MEMORY_BYTES_MAX: Final = 128 * 1024 * 1024
_UNPACKERS: Final[dict[str, Callable[[], _Decompressor]]] = {
    "deflate": lambda: zlib.decompressobj(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY_BYTES_MAX),
}


def make_decoder(schema: bytes | None) -> Decode:
    """Return the decoder for a schema; without one only container files can be read.

    Raises:
        ValueError: It is no Avro schema.
    """
    read = None if schema is None else compile_schema(schema)

    def decode(body: bytes, _charset: str | None, _notes: Irregularities) -> Any:
        """Decode a value, or the list of a container file's values.

        Raises:
            ValueError: It does not fit the schema.
        """
        try:
            if body.startswith(_CONTAINER):
                return _decode_container(body)
            if read is None:
                raise ValueError("it is not a container file, and there is no 'outputSchema'")
            cursor = Cursor(body)
            value = read(cursor)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        _check_end(cursor)
        return value

    return decode


def _check_end(cursor: Cursor) -> None:
    if cursor.at != len(cursor.data):
        raise ValueError("it has bytes after the value of its schema")


def _decode_container(body: bytes) -> list[Any]:
    cursor = Cursor(body)
    cursor.take(len(_CONTAINER))
    about = _read_metadata(cursor)
    sync = cursor.take(_SYNC_BYTES)
    if "avro.schema" not in about:
        raise ValueError("the container file has no schema")
    read = compile_schema(about["avro.schema"])
    codec = about.get("avro.codec", b"null").decode("utf-8", "replace")
    values: list[Any] = []
    left = RESPONSE_BYTES_MAX
    while cursor.at < len(body):
        count, packed = read_long(cursor), read_bytes(cursor)
        block = Cursor(_decompress(packed, codec, left), cursor.left)
        left -= len(block.data)
        block.count(max(count, 0))
        values.extend(read(block) for _ in range(count))
        _check_end(block)
        cursor.left = block.left
        if cursor.take(_SYNC_BYTES) != sync:
            raise ValueError("a block of the container file has no valid end")
    return values


def _read_metadata(cursor: Cursor) -> dict[str, bytes]:
    """Return the metadata of a container file."""
    found: dict[str, bytes] = {}
    while entries := read_long(cursor):
        if entries < 0:
            read_long(cursor)
        for _ in range(abs(entries)):
            key = read_bytes(cursor).decode()
            found[key] = read_bytes(cursor)
    return found


def _decompress(block: bytes, codec: str, bytes_max: int) -> bytes:
    """Return a decompressed block. Decompression stops at the limit."""
    if codec == "null":
        return block
    if (unpacker := _UNPACKERS.get(codec)) is None:
        raise ValueError(f"its codec '{codec[:40]}' is not supported; supported are null, deflate, bzip2 and xz")
    stream = unpacker()
    try:
        data = stream.decompress(block, bytes_max + 1)
    except (zlib.error, OSError, lzma.LZMAError):
        raise ValueError("a block of the container file is broken") from None
    if len(data) > bytes_max:
        raise ValueError(f"decompressed, it is larger than {RESPONSE_BYTES_MAX:,} bytes")
    if not stream.eof:
        raise ValueError("a block of the container file is broken")
    return data
