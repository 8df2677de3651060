"""Decodes text by the charset that an upstream names. Only real charsets of Python are accepted."""

from __future__ import annotations

import codecs
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities

_KNOWN: Final = frozenset({*aliases, *aliases.values(), "cp874", "koi8_t", "koi8_u", "utf_8_sig"})
"""The names of charsets. Others that Python takes are no charsets (``unicode_escape``, ``idna``), or none at all."""

_NO_TEXT: Final = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
)

_AS_ON_THE_WEB: Final = {
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "ascii": "cp1252",
    "iso8859_9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""What the labels mean in practice (https://encoding.spec.whatwg.org/#names-and-labels)."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; the longer ones first, because one begins like another."""


def find_marked_charset(body: bytes) -> str | None:
    """Return the charset of a byte order mark. None without a mark."""
    return next((charset for mark, charset in _MARKS if body.startswith(mark)), None)


def find_codec(charset: str) -> str | None:
    """Python's codec for a label. None for an unknown charset."""
    name = normalize_encoding(charset).lower() if charset.isascii() else ""
    if name not in _KNOWN:
        return None
    codec = aliases.get(name, name)
    codec = _AS_ON_THE_WEB.get(codec, codec)
    try:
        codecs.lookup(codec)
    except LookupError:  # one of another system
        return None
    return None if codec in _NO_TEXT else codec


def _find_labelled_codec(body: bytes, charset: str) -> str | None:
    """Python's codec for a label. For UTF-16 and UTF-32, the first byte shows the byte order."""
    codec = find_codec(charset)
    if codec in ("utf_16", "utf_32"):
        return f"{codec}_be" if body[:1] == b"\0" else f"{codec}_le"
    return codec


def decode_text(body: bytes, charset: str | None, notes: Irregularities) -> str:
    """Decode a body to text, without a byte order mark.

    A byte order mark overrides the label. Invalid bytes become U+FFFD, and a label that is no charset
    is ignored. Both are counted.

    Args:
        body: The body.
        charset: Its label; UTF-8 without one.
        notes: Where irregularities are counted.
    """
    codec = find_marked_charset(body) or _find_labelled_codec(body, charset or "utf-8")
    if codec is None:
        notes.add("a charset that is unknown")
        codec = "utf-8"
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        text = body.decode(codec, "replace")
        notes.add("bytes that are not text")
    return text.removeprefix("\ufeff")


def decode_if_text(body: bytes, charset: str | None, *, is_json: bool) -> str | None:
    """Decode a body that may be text: by its byte order mark or label, else as UTF-8. None if it is not text.

    JSON is UTF-8 whatever its label, unless it is invalid UTF-8.
    """
    labelled = _find_labelled_codec(body, charset) if charset else None
    for codec in (find_marked_charset(body), "utf-8" if labelled is None or is_json else None):
        if codec is not None:
            try:
                return body.decode(codec).removeprefix("\ufeff")
            except UnicodeDecodeError:
                pass
    return None if labelled is None else body.decode(labelled, "replace").removeprefix("\ufeff")
