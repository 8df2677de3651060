"""Decides whether a body is text, and decodes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.formats.decode_text import decode_if_text, decode_text

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities

_TEXT_TYPES: Final = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/sql",
        "application/toml",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-toml",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/xml",
        "application/xml-dtd",
        "application/yaml",
    }
)
"""Types of text besides ``text/…`` and those that say that they are JSON, XML or YAML."""

_BINARY_TYPES: Final = frozenset(
    {
        "application/avro",
        "application/cbor",
        "application/grpc",
        "application/gzip",
        "application/msgpack",
        "application/pdf",
        "application/protobuf",
        "application/vnd.google.protobuf",
        "application/vnd.msgpack",
        "application/x-msgpack",
        "application/x-protobuf",
        "application/zip",
        "avro/binary",
    }
)
_BINARY_KINDS: Final = ("font/", "model/", "video/")
"""Formats of programs: a body that happens to have no byte that text lacks is not text all the same."""

_BEGINNINGS: Final = (b"%PDF-", b"FORM", b"GIF8", b"ID3", b"MThd", b"OggS", b"PK", b"RIFF", b"fLaC")
"""With what letters pictures, sounds, PDFs and archives begin."""

_CONTROL: Final = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_DECLARATION: Final = re.compile(
    rb"^\s*<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})"
    rb"|<meta[^<>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})",
    re.IGNORECASE,
)
_DECLARATION_BYTES: Final = 1024


def is_json(media_type: str) -> bool:
    """Return whether a content type is JSON."""
    return media_type.endswith("json")


def read_text_body(body: bytes, media_type: str, charset: str | None, notes: Irregularities) -> str | None:
    """Return a body as text. None if it is not text.

    If the content type is a text type, invalid bytes become U+FFFD. A body of another type must be valid text.

    Args:
        body: The body.
        media_type: Its content type, in lower case.
        charset: The charset of its content type.
        notes: Counts invalid bytes.
    """
    if is_text_type(media_type):
        text = decode_if_text(body, charset or _find_declared_charset(body), is_json=is_json(media_type))
        return decode_text(body, None, notes) if text is None and b"\0" not in body else text
    if media_type in _BINARY_TYPES or media_type.startswith(_BINARY_KINDS) or body.startswith(_BEGINNINGS):
        return None
    text = decode_if_text(body, charset, is_json=False)
    return None if text is None or _CONTROL.search(text) else text


def is_unicode(body: bytes) -> bool:
    """Return whether bytes are UTF-8, so that they stay the same as a text."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_unicode_text(body: bytes) -> bool:
    """Return whether bytes of an unknown type are a text in UTF-8."""
    return not body.startswith(_BEGINNINGS) and is_unicode(body) and _CONTROL.search(body.decode()) is None


def is_text_type(media_type: str) -> bool:
    """Return whether a media type is text. It may have parameters."""
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type.startswith("text/") or media_type in _TEXT_TYPES:
        return True
    return is_json(media_type) or media_type.endswith(("+xml", "+yaml"))


def _find_declared_charset(body: bytes) -> str | None:
    """Return the charset that XML or HTML itself names."""
    found = _DECLARATION.search(body[:_DECLARATION_BYTES]) if body.lstrip()[:1] == b"<" else None
    return None if found is None else (found[1] or found[2]).decode()
