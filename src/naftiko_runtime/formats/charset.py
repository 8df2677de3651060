"""Text by the charset that an upstream names; only those that Python has, so that a name can do nothing else."""

from __future__ import annotations

from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Final

_KNOWN: Final = frozenset({*aliases, *aliases.values(), "cp874", "koi8_t", "koi8_u"})
"""The names of charsets. Others that Python takes are no charsets (``unicode_escape``, ``idna``), or none at all."""

_AS_ON_THE_WEB: Final = {"latin_1": "cp1252", "iso8859_1": "cp1252", "ascii": "cp1252", "iso8859_9": "cp1254"}


def as_text(body: bytes, charset: str, *, lenient: bool = False) -> str:
    """A body as text, without a byte order mark.

    Args:
        body: The body.
        charset: Its name.
        lenient: Whether it is read as browsers do: what is wrong becomes U+FFFD, and Latin-1 is Windows' own.

    Raises:
        ValueError: There is no such charset, or the body is not in it.
    """
    name = normalize_encoding(charset).lower() if charset.isascii() else ""
    if name not in _KNOWN:
        raise ValueError(f"its charset '{charset[:40]}' is unknown")
    codec = aliases.get(name, name)
    if lenient:
        codec = _AS_ON_THE_WEB.get(codec, codec)
    try:
        return body.decode(codec, "replace" if lenient else "strict").removeprefix("\ufeff")
    except LookupError:  # a codec that is not for text, such as base64
        raise ValueError(f"its charset '{charset[:40]}' is unknown") from None
