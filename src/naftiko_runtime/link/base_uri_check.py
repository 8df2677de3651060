"""Checks a base URI that has no variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import rules
from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from naftiko_runtime.rules import Statement

HTTP_SCHEMES: Final = ("http", "https")
"""The schemes that a base URI may have."""
_NEVER_IN_URL: Final = compile_lazily(r"[\s\x00-\x1f\"<>\\^`|]")


def check_base_uri(base_uri: str) -> Statement | None:
    """Return what is wrong with a base URI, or None."""
    if not base_uri:
        return rules.BASE_URI_EMPTY()
    if "{" in base_uri or "}" in base_uri:
        return rules.BASE_URI_UNFILLED()
    try:
        base_uri = encode_host(base_uri)
    except ValueError:
        return rules.BASE_URI_HOST()
    if not base_uri.isascii() or _NEVER_IN_URL.search(base_uri):
        return rules.BASE_URI_CHARACTER()
    try:
        return _check_parts(base_uri)
    except ValueError:
        return rules.BASE_URI_NO_URL()


def _check_parts(base_uri: str) -> Statement | None:
    parts = urlsplit(base_uri)
    port = parts.port
    if parts.scheme not in HTTP_SCHEMES and "://" in base_uri:
        return rules.BASE_URI_SCHEME()
    if parts.scheme not in HTTP_SCHEMES or not parts.hostname or port == 0:
        return rules.BASE_URI_NO_SCHEME()
    if parts.username is not None or parts.password is not None:
        return rules.BASE_URI_CREDENTIALS()
    return rules.BASE_URI_QUERY() if parts.query or parts.fragment else None
