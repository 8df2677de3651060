"""JSON. Numbers keep all their digits. orjson parses a regular text."""

from __future__ import annotations

import json
import re
from math import isinf
from typing import TYPE_CHECKING, Any, Final

import orjson

from naftiko_runtime.formats.decode_text import decode_text, find_codec
from naftiko_runtime.source import parse_exact_float

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities

# The check for digits that orjson would lose replaces all digits by "0" first: bytes.translate and
# bytes.find take a tenth of the time of a regular expression.
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_INTEGER: Final = b"0" * 19
"""orjson turns integers beyond 64 bits into floats."""
_LONG_BEFORE_FRACTION: Final = b"00000000.0"
_LOSES_DIGITS: Final = re.compile(rb"\.(?:[0-9]+0|[0-9]{8,}|00000[0-9]*|[0-9]+[eE][-+]?[0-9]+)(?=[\s,\]}]|$)")
"""A fraction that would be written otherwise: trailing zeros, many digits, very small, an exponent.

An exponent without a fraction is not searched for: it keeps its value, and the search takes as long as all others.
"""

_SUSPECT: Final = re.compile(rb"\.(?!(?<![0-9]{8}\.)(?!0{5})[0-9]{1,7}+(?:(?<![0-9]0)(?![0-9eE])|[^0-9eE,\]}\s]))[0-9]")
"""A fraction that may lose digits: a necessary condition, found in two thirds of the time."""

_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_WIDE: Final = {b"\0\0\0.": "utf-32-be", b".\0\0\0": "utf-32-le", b"\0.\0.": "utf-16-be", b".\0.\0": "utf-16-le"}
_INTEGER_DIGITS_MAX: Final = 4300
"""Python converts no longer integers, because the time grows with the square of the digits."""


def parse_regular(body: bytes) -> Any:
    """Parse a regular JSON text: UTF-8, with finite numbers.

    Raises:
        ValueError: It is not.
    """
    if _is_lossy(body):
        try:
            return json.loads(
                body.decode(), parse_constant=_refuse, parse_float=_parse_finite_decimal, parse_int=_parse_integer
            )
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return orjson.loads(body)


def decode(body: bytes, charset: str | None, notes: Irregularities) -> Any:
    """Decode a JSON text, also in another charset, or with values that JSON does not allow.

    Halves of surrogate pairs become U+FFFD, NaN and infinities null, and both are noted.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    try:
        return parse_regular(body)
    except ValueError as error:
        return _read_irregular(decode_json_text(body, charset, notes), notes, error)


def decode_json_text(body: bytes, charset: str | None, notes: Irregularities) -> str:
    """Decode a body to text: by its byte order mark, as UTF-8, or else by its label."""
    if (wide := _WIDE.get(_mark_zeros(body[:4]))) is not None:
        return decode_text(body, wide, notes)
    codec = find_codec(charset or "utf-8") or "utf-8"
    if codec != "utf_8" and not codec.startswith(("iso2022", "utf_16", "utf_32", "utf_7", "hz")):
        try:  # JSON is UTF-8 whatever the label (RFC 8259, 8.1), unless it is invalid UTF-8
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    return decode_text(body, charset, notes)


def _mark_zeros(start: bytes) -> bytes:
    """Return the first bytes with all but zeros replaced by dots, which shows UTF-16 and UTF-32 without a mark."""
    return bytes(0 if byte == 0 else ord(".") for byte in start)


def _is_lossy(body: bytes) -> bool:
    """Return whether orjson would change how some number is written."""
    digits = body.translate(_DIGITS)
    if digits.find(_LONG_INTEGER) >= 0:
        return True
    if body.find(b".") < 0 or _SUSPECT.search(body) is None:
        return False
    return _LOSES_DIGITS.search(body) is not None or digits.find(_LONG_BEFORE_FRACTION) >= 0


def _read_irregular(found: str, notes: Irregularities, error: ValueError) -> Any:
    mended = _ESCAPE.sub(lambda escape: "\\ufffd" if escape["lone"] else escape[0], found)
    if mended != found:
        notes.add("half of a surrogate pair")
    try:
        return _read_text(mended, notes, strict=True)
    except json.JSONDecodeError as fault:
        if not fault.msg.startswith("Invalid control character"):
            raise error from None
    try:
        value = _read_text(mended, notes, strict=False)
    except json.JSONDecodeError:
        raise error from None
    notes.add("control characters in a text")
    return value


def _read_text(text: str, notes: Irregularities, *, strict: bool) -> Any:
    reader = json.JSONDecoder(
        parse_constant=lambda _: notes.add("a number that JSON does not have"),
        parse_float=parse_exact_float,
        parse_int=_parse_integer,
        strict=strict,
    )
    try:
        return reader.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _parse_finite_decimal(text: str) -> float:
    value = parse_exact_float(text)
    if isinf(value):
        raise ValueError(f"{text[:40]} is a number out of range")
    return value


def _parse_integer(text: str) -> float:
    return int(text) if len(text) <= _INTEGER_DIGITS_MAX else parse_exact_float(text)
