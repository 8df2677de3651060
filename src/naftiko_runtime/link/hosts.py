"""Hosts with letters beyond ASCII (``bücher.example``), in the form in which they are looked up and sent."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def encode_host(url: str) -> str:
    """A URL with its host in ASCII, by IDNA 2008; one whose host is ASCII stays as it is.

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
