"""Reads the primitive values of Avro's binary encoding."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import TYPE_CHECKING, Final, TypeAlias

from naftiko_runtime.limits import RESPONSE_VALUES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

_VARINT_BITS: Final = 64


class Cursor:
    """A position in a body.

    Attributes:
        data: The body.
        at: The next byte.
        depth: How many records are open.
        left: How many values may follow. A few bytes can encode any number of values.
    """

    __slots__ = ("at", "data", "depth", "left")

    def __init__(self, data: bytes, left: int = RESPONSE_VALUES_MAX) -> None:
        self.data = data
        self.at = 0
        self.depth = 0
        self.left = left

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: There are not as many.
        """
        end = self.at + size
        if size < 0 or end > len(self.data):
            raise ValueError("it ends too early")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def count(self, values: int) -> None:
        """Count values before they are read.

        Raises:
            ValueError: They are too many.
        """
        self.left -= values
        if self.left < 0:
            raise ValueError(f"it has more than {RESPONSE_VALUES_MAX:,} values")


Read: TypeAlias = "Callable[[Cursor], object]"


def read_long(cursor: Cursor) -> int:
    """Return the next int or long.

    Raises:
        ValueError: There is none.
    """
    data, at, bits, number = cursor.data, cursor.at, 0, 0
    while bits < _VARINT_BITS:
        if at >= len(data):
            raise ValueError("it ends too early")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << bits
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            cursor.at = at
            return (number >> 1) ^ -(number & 1)
        bits += 7
    raise ValueError("a number is too long")


def read_bytes(cursor: Cursor) -> bytes:
    """Return the next bytes, after their length.

    Raises:
        ValueError: There are none.
    """
    return cursor.take(read_long(cursor))


def _read_null(_: Cursor) -> None:
    return None


def _read_boolean(cursor: Cursor) -> bool:
    byte = cursor.take(1)[0]
    if byte > 1:
        raise ValueError("a boolean is neither 0 nor 1")
    return byte == 1


def _read_float(cursor: Cursor) -> float:
    number: float = struct.unpack("<f", cursor.take(4))[0]
    return number


def _read_double(cursor: Cursor) -> float:
    number: float = struct.unpack("<d", cursor.take(8))[0]
    return number


def read_string(cursor: Cursor) -> str:
    """Return the next string."""
    return read_bytes(cursor).decode()


def encode_base64(data: bytes) -> str:
    """Encode bytes as text."""
    return b64encode(data).decode()


def read_block_size(cursor: Cursor) -> int:
    """Return the number of items in the next block of an array or a map. 0 after the last block."""
    items = read_long(cursor)
    if items < 0:
        read_long(cursor)  # the block's size in bytes, for those who skip it
        items = -items
    cursor.count(items)
    return items


PRIMITIVES: Final[dict[str, Read]] = {
    "null": _read_null,
    "boolean": _read_boolean,
    "int": read_long,
    "long": read_long,
    "float": _read_float,
    "double": _read_double,
    "bytes": lambda cursor: encode_base64(read_bytes(cursor)),
    "string": read_string,
}
"""The readers of the primitive types."""
