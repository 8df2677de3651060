"""Encodes hosts with letters beyond ASCII (``bücher.example``), and recognises paths with a host."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from naftiko_runtime.lazy_import import compile_lazily

_ABSOLUTE: Final = compile_lazily(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")


def encode_host(url: str) -> str:
    """Return a URL with its host in ASCII, by IDNA 2008; one whose host is ASCII stays as it is.

    Raises:
        ValueError: The host is not a name that can be registered, or the URL cannot be split.
    """
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.isascii():
        return url
    import idna  # noqa: PLC0415 - few hosts need its tables

    encoded = idna.encode(host, uts46=True).decode()  # idna.IDNAError is a ValueError
    user, at, rest = parts.netloc.rpartition("@")
    port = rest[len(host) :]
    return urlunsplit(parts._replace(netloc=f"{user}{at}{encoded}{port}"))


def is_absolute(path: str) -> bool:
    """Return whether a path is a URL, with a scheme or a host."""
    return _ABSOLUTE.match(path) is not None
