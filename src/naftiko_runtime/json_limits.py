"""Limits the number of values and the nesting of a JSON text before it is parsed.

Parsing takes memory and time for each value: 10 MB of empty lists take 350 MB and seconds.
"""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import Final

_STRUCTURE: Final = b'",[]{}'
_NO_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_TEXT: Final = re.compile(rb'"[^"]*"')
_LEVELS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS: Final = b'",'


def check_json_limits(body: bytes, values_max: int, depth_max: int) -> None:
    """Check a JSON text. Invalid JSON may pass: the parser rejects it.

    Args:
        body: The JSON text, in UTF-8.
        values_max: How many values it may hold, in lists and objects as well.
        depth_max: How deeply lists and objects may be nested.

    Raises:
        ValueError: It holds more, or is nested more deeply.
    """
    may_be_deep = len(body) > 2 * depth_max and _count_opening(body) > depth_max
    may_be_many = len(body) > 2 * values_max and _count_opening(body) + body.count(b",") >= values_max
    if not may_be_deep and not may_be_many:
        return
    structure = _extract_structure(body, values_max)
    if may_be_many and _count_opening(structure) + structure.count(b",") >= values_max:
        raise ValueError(_describe_excess(values_max))
    levels = accumulate(array("b", structure.translate(_LEVELS, _NO_BRACKETS)))
    if may_be_deep and max(levels, default=0) > depth_max:
        raise ValueError(f"it is nested more than {depth_max} levels deep")


def _count_opening(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


def _extract_structure(body: bytes, values_max: int) -> bytes:
    """Return the brackets and commas of a JSON text without those in its strings.

    Raises:
        ValueError: It has too many strings.
    """
    if body.find(b"\\") >= 0:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(None, _NO_STRUCTURE)
    if marks.count(b'"') > 4 * values_max:  # of a name and a string for each value
        raise ValueError(_describe_excess(values_max))
    # Two quotes in a row are both ends of one string, or the end of one and the start of the next.
    return _TEXT.sub(b"", marks.replace(b'""', b""))


def _describe_excess(values_max: int) -> str:
    return f"it holds more than {values_max:,} values"
