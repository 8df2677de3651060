"""Values that are files (bytes with a name and a type), and text that encodes them: base64 and ``data:`` URLs."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_to_bytes

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError


class Unrenderable(DescribedError):  # noqa: N818 - it describes the value
    """A value cannot be written at its place. The message gives the reason, never the value."""


class File:
    """An uploaded file, or bytes that were given as text. It is no dataclass, which the JSON encoder would encode."""

    __slots__ = ("content", "media_type", "name", "text")

    def __init__(self, content: bytes, name: str, media_type: str | None, text: str | None = None) -> None:
        self.content = content
        self.name = name
        self.media_type = media_type
        self.text = text
        """The text that it was decoded from, if any."""


_DATA_URL: Final = compile_lazily(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,(.*)", re.DOTALL)


def parse_data_url(text: str) -> File | None:
    """Decode a ``data:`` URL (RFC 2397); None if the text is not one.

    Raises:
        Unrenderable: Its base64 is invalid.
    """
    if (url := _DATA_URL.fullmatch(text)) is None:
        return None
    return File(decode_base64(url[4]) if url[3] else unquote_to_bytes(url[4]), "", url[1], text)


def decode_base64(text: str) -> bytes:
    """Decode base64; white space is ignored.

    Raises:
        Unrenderable: It is invalid.
    """
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise Unrenderable(message_clauses.FILE_CONTENT()) from None


def decode_file(text: str) -> File:
    """Decode text that is base64 or a ``data:`` URL.

    Raises:
        DescribedError: It is neither.
    """
    try:
        return parse_data_url(text) or File(decode_base64(text), "", None, text)
    except Unrenderable:
        raise DescribedError(message_clauses.MUST_BE_FILE()) from None
