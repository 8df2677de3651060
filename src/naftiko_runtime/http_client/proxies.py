"""Which proxy a request goes through, as ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` say."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from naftiko_runtime.errors import BindError, UpstreamUnreachable
from naftiko_runtime.upstream.url_origin import split_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from naftiko_runtime.upstream.url_origin import Origin

_SEPARATORS: Final = re.compile(r"[,\s]+")
_AUTHORITY_END: Final = re.compile(r"[/?#]")
_BASIC: Final = "Basic "
_SUPPORTED: Final = ("http", "https")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        origin: Where it listens; its scheme says whether TLS protects the way to it.
        authorization: The value of ``Proxy-Authorization``; empty when the URL names no user. It is a secret.
    """

    origin: Origin
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return the URL with the user as ``***``."""
        return f"{self.origin.scheme}://{'***@' if self.authorization else ''}{self.origin.peer}"


@dataclass(frozen=True, slots=True)
class Bypass:
    """One entry of ``NO_PROXY``: what is reached without a proxy.

    Attributes:
        domain: A host that matches with all its subdomains; empty for every host.
        network: Addresses that match instead of a domain.
        port: The only port that matches; none for every port.
    """

    domain: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def matches(self, origin: Origin) -> bool:
        """Return whether requests to an origin go without a proxy. Names are not resolved for that."""
        if self.port not in (None, origin.port):
            return False
        address = _parse_address(origin.host)
        if self.network is not None:
            return address is not None and address in self.network
        host = origin.host.rstrip(".")
        return not self.domain or (address is None and (host == self.domain or host.endswith(f".{self.domain}")))


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies for upstreams of each scheme, and the origins that need none."""

    http: Proxy | None = None
    https: Proxy | None = None
    bypasses: tuple[Bypass, ...] = ()
    no_proxy: str = ""
    """``NO_PROXY`` as it was given."""

    def find(self, origin: Origin) -> Proxy | None:
        """Return the proxy for an origin; none when it is reached directly."""
        proxy = self.https if origin.scheme == "https" else self.http
        if proxy is None or any(bypass.matches(origin) for bypass in self.bypasses):
            return None
        return proxy

    def log_fields(self) -> dict[str, str]:
        """Return what to say at startup, without users and passwords; empty when there is no proxy."""
        used = {
            f"{scheme}_proxy": str(proxy) for scheme, proxy in (("http", self.http), ("https", self.https)) if proxy
        }
        return used | {"no_proxy": self.no_proxy} if used and self.no_proxy else used

    def list_secrets(self) -> set[str]:
        """Return the texts that must not appear in any output: passwords, and credentials as they are sent."""
        sent = {proxy.authorization.removeprefix(_BASIC) for proxy in (self.http, self.https) if proxy}
        passwords = {b64decode(text).decode(errors="replace").partition(":")[2] for text in sent}
        return (sent | passwords) - {""}


def read_proxies(environ: Mapping[str, str]) -> Proxies:
    """Read the variables that HTTP clients agree on. Lower case wins over upper case.

    ``HTTP_PROXY`` in upper case is ignored where ``REQUEST_METHOD`` is set, as CGI does: there a caller's ``Proxy``
    header sets it (https://httpoxy.org).

    Raises:
        BindError: A proxy that would be used is not the URL of one, or ``NO_PROXY`` has an invalid network. All such
            variables are named, their values are not.
    """
    faults: dict[str, None] = {}
    chosen = [_read_proxy(environ, (f"{scheme}_proxy", "all_proxy"), faults) for scheme in _SUPPORTED]
    name, no_proxy = _look_up(environ, "no_proxy")
    bypasses = tuple(_parse_bypasses(name, no_proxy, faults)) if any(chosen) else ()
    if faults:
        raise BindError(tuple(faults))
    return Proxies(chosen[0], chosen[1], bypasses, ", ".join(filter(None, _SEPARATORS.split(no_proxy))))


def _look_up(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the name and value of a variable in lower or upper case; an empty one in lower case hides the other."""
    upper = name.upper()
    if name in environ or (upper == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
        return name, environ.get(name, "").strip()
    return upper, environ.get(upper, "").strip()


def _read_proxy(environ: Mapping[str, str], names: Iterable[str], faults: dict[str, None]) -> Proxy | None:
    for each in names:
        name, url = _look_up(environ, each)
        if url:
            try:
                return parse_proxy(url)
            except ValueError as error:
                faults[f"{name}: {error}"] = None
                return None
    return None


def parse_proxy(url: str) -> Proxy:
    """Read the URL of a proxy: ``[http[s]://][user[:password]@]host[:port]``.

    Raises:
        ValueError: It is not one. The text shows nothing of it.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    scheme = scheme.lower()
    if scheme.startswith("socks"):
        raise ValueError("SOCKS proxies are not supported; give the URL of an HTTP proxy")
    if scheme not in _SUPPORTED:
        raise ValueError("unknown scheme of a proxy; give http://host:port or https://host:port")
    user, at, authority = _AUTHORITY_END.split(rest, maxsplit=1)[0].rpartition("@")
    try:
        origin, _ = split_url(f"{scheme}://{authority}/")
    except UpstreamUnreachable:
        raise ValueError("this is not the URL of a proxy; give http://host:port") from None
    return Proxy(origin, _encode_basic(user) if at else "")


def _encode_basic(user: str) -> str:
    name, _, password = user.partition(":")
    return f"{_BASIC}{b64encode(unquote_to_bytes(name) + b':' + unquote_to_bytes(password)).decode()}"


def _parse_bypasses(name: str, value: str, faults: dict[str, None]) -> Iterable[Bypass]:
    for entry in filter(None, _SEPARATORS.split(value)):
        try:
            yield _parse_bypass(entry)
        except ValueError:
            faults[f"{name}: '{entry}' is not a network"] = None


def _parse_bypass(entry: str) -> Bypass:
    if entry == "*":
        return Bypass()
    if "/" in entry:
        return Bypass(network=ip_network(entry, strict=False))
    host, port = entry, None
    if _parse_address(entry.strip("[]")) is None:
        before, colon, digits = entry.rpartition(":")
        if colon and digits.isdecimal():
            host, port = before, int(digits)
    host = host.strip("[]")
    if _parse_address(host) is not None:
        return Bypass(network=ip_network(host), port=port)
    return Bypass(host.lower().removeprefix("*").strip("."), port=port)


def _parse_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
