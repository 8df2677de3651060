"""Masks secrets in texts, in every encoding that requests and responses use."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from functools import cached_property
from html import escape, unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = "***"
LENGTH_MIN: Final = 4
"""A shorter value is no secret worth the name, and masking it would mask half of every text."""

_ENCODED: Final = re.compile(r"[%\\&+]")
_PADDING: Final = "(?:=|%3d)*"
_UNICODE_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


class Masker:
    """Replaces secrets in texts that may come from others.

    Attributes:
        values: The secrets, the longest first.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self.values = sorted({value for value in values if len(value) >= LENGTH_MIN}, key=len, reverse=True)
        self._found = sorted({text.lower() for value in self.values for text in (value, *_encode_base64(value))})
        self._found_bytes = [text.encode("utf-8", "surrogateescape") for text in self._found]

    def may_contain(self, data: bytes) -> bool:
        """Return whether data may contain a secret, which :meth:`contains` then checks.

        Fast enough for every response.
        """
        if b"%" in data or b"&" in data or b"\\" in data or b"+" in data or not data.isascii():
            return True
        lower = data.lower()
        return any(secret in lower for secret in self._found_bytes)

    def contains(self, text: str) -> bool:
        """Return whether a text may contain a secret."""
        lower = text.lower()
        for secret in self._found:
            if secret in lower:
                return True
        if _ENCODED.search(text) is None:
            return False
        decoded = _decode(text).lower() + "\n" + _decode(text.replace("+", " ")).lower()
        return any(secret in decoded for secret in self._found)

    def mask(self, text: str) -> str:
        """Return a text in which every secret is masked."""
        return self.pattern.sub(MASK, text) if self.contains(text) else text

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern that matches each secret in every encoding. Too slow to search every text with."""
        return re.compile("|".join(map(_build_pattern, self.values)) or r"(?!)", re.IGNORECASE)


def list_usual_spellings(value: str) -> set[str]:
    """Return the encodings in which the runtime sends a text: unchanged, in a URL or a form, in JSON."""
    return {value, quote(value), quote(value, safe=""), json.dumps(value, ensure_ascii=False)[1:-1]}


def _encode_base64(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogateescape")
    return {encode(raw).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode)}


def _decode(text: str) -> str:
    """Return a text without the encodings of URLs, JSON, Python and HTML."""
    if "\\" in text:
        text = _UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).replace("\\x", "%").replace("\\", "")
    if "%" in text:
        text = unquote(text)
    return unescape(text) if "&" in text else text


def _build_pattern(value: str) -> str:
    """Return a pattern of a text in every encoding in which a response may repeat it."""
    encoded = ["".join(map(_build_character_pattern, way)) + _PADDING for way in sorted(_encode_base64(value))]
    return "|".join(["".join(map(_build_character_pattern, value)), *encoded])


def _build_character_pattern(character: str) -> str:
    """Return a pattern of a character as it is, or encoded for a URL, a form, JSON, HTML or a Python literal."""
    raw = character.encode("utf-8", "surrogateescape")
    ways = {
        character,
        "".join(f"%{byte:02x}" for byte in raw),
        "".join(f"\\x{byte:02x}" for byte in raw),
        json.dumps(character)[1:-1],
        f"\\{character}",
        f"\\u{ord(character):04x}",
        escape(character),
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
        "+" if character == " " else character,
    }
    return f"(?:{'|'.join(map(re.escape, sorted(ways, key=len, reverse=True)))})"
