"""The URLs that callers use to reach the exposes, as the operator gives them (``--public-url``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from naftiko_runtime.host_encoding import encode_host
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_URL: Final = compile_lazily(r"(https?)://([^\s/?#@\\]+)((?:/[!$&-;=@-Z_a-z~%]*)?)")
_EVERY: Final = ""
"""The key of the URL for exposes without one of their own."""


class InvalidPublicUrlError(ValueError):
    """A text is no URL that callers can use. Its text says why."""


class PublicUrls(Struct, frozen=True):
    """The public URLs of exposes: of ``/`` of their ports, without a slash at the end.

    Attributes:
        by_namespace: The URLs by namespace. The key of the URL for all other exposes is empty.
    """

    by_namespace: Mapping[str, str] = field(default_factory=dict)

    def find(self, namespace: str) -> str | None:
        """Return the public URL of ``/`` of an expose. None if the operator gave none."""
        return self.by_namespace.get(namespace, self.by_namespace.get(_EVERY))

    def find_shared(self, namespaces: Iterable[str]) -> str | None:
        """Return the public URL of exposes that are served as one: the first of their own, or else that of all."""
        own = (self.by_namespace[name] for name in namespaces if name in self.by_namespace)
        return next(own, self.by_namespace.get(_EVERY))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that have a URL of their own."""
        return tuple(name for name in self.by_namespace if name != _EVERY)


NO_PUBLIC_URLS: Final = PublicUrls()


def parse_public_url(text: str) -> str:
    """Return a public URL in its canonical form: scheme and host in lower case, no slash at the end.

    Raises:
        InvalidPublicUrlError: It is no http(s) URL, or has a user, a query or a fragment.
    """
    try:
        text = encode_host(text)
        match = _URL.fullmatch(text)
        port = None if match is None else urlsplit(text).port
    except ValueError:
        match = port = None
    if match is None:
        raise InvalidPublicUrlError("is not a URL such as https://api.example.com/prefix, without query and fragment")
    scheme, authority, path = match.groups()
    if any(step in (".", "..") for step in path.split("/")):
        raise InvalidPublicUrlError("has a path with '.' or '..'")
    default = {"http": 80, "https": 443}[scheme]
    authority = authority.lower().removesuffix(":")
    return f"{scheme}://{authority.removesuffix(f':{default}') if port == default else authority}{path.rstrip('/')}"
