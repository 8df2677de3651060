"""Values that are files: bytes with a name and a type, and texts that stand for them: base64 and `data:` URLs."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from naftiko_runtime.lazy_import import compile_lazily, import_lazily

if TYPE_CHECKING:
    import orjson
else:
    orjson = import_lazily("orjson")


class Unrenderable(ValueError):  # noqa: N818 - it says what the value is
    """A value that must not stand where the template puts it; the text says why, never the value."""


class File:
    """A file that a caller uploaded, or bytes given as text. No dataclass, which a JSON encoder would take apart."""

    __slots__ = ("content", "media_type", "name", "text")

    def __init__(self, content: bytes, name: str, media_type: str | None, text: str | None = None) -> None:
        self.content = content
        self.name = name
        self.media_type = media_type
        self.text = text
        """What it was given as, if that was text."""


_DATA_URL: Final = compile_lazily(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,(.*)", re.DOTALL)


def data_url(text: str) -> File | None:
    """The file that a ``data:`` URL holds (RFC 2397); nothing when the text is no such URL.

    Raises:
        Unrenderable: Its base64 is none.
    """
    if (url := _DATA_URL.fullmatch(text)) is None:
        return None
    return File(unbase64(url[4]) if url[3] else unquote_to_bytes(url[4]), "", url[1], text)


def unbase64(text: str) -> bytes:
    """The bytes that a text is; white space does not count.

    Raises:
        Unrenderable: It is no base64.
    """
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise Unrenderable("a file's content is given as base64 or as a data: URL") from None


def file_of(text: str) -> File:
    """The bytes that a text gives, as base64 or as a ``data:`` URL.

    Raises:
        ValueError: It is neither.
    """
    try:
        return data_url(text) or File(unbase64(text), "", None, text)
    except Unrenderable:
        raise ValueError("must be base64 or a data: URL") from None
