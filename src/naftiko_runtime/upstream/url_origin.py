"""The origin of a URL: the scheme, host and port that a request goes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from naftiko_runtime.errors import UpstreamUnreachable

# No white space, control or non-ASCII character: they would end the request line early.
# Not by re.IGNORECASE: that lets the few other characters pass which fold to ASCII, and takes twice as long.
_URL: Final = re.compile(r"([Hh][Tt]{2}[Pp][Ss]?)://(?:[!\"$-.0->@-~]*@)?([!\"$-.0-;=A-~]+)([/?][!\"$-~]*)?(?:#.*)?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Origin:
    """The scheme, host and port of a URL. Few URLs differ in it, so each origin is parsed once.

    Attributes:
        key: ``scheme://host:port``, normalized. A text, because Python caches its hash.
        scheme: ``http`` or ``https``.
        host: A name or an address, in lower case and without brackets.
        port: The port of the URL, or the default of the scheme.
        peer: ``host:port``, for people.
        host_header: The value of ``Host``. It has a port only if that is not the default of the scheme.
        host_line: The header in wire form, without its end.
    """

    key: str
    scheme: str
    host: str
    port: int
    peer: str
    host_header: str
    host_line: bytes


def split_url(url: str) -> tuple[Origin, str]:
    """Return the origin of an absolute http(s) URL, and the request target unchanged.

    User name, password and fragment are removed: they are never sent.

    Raises:
        UpstreamUnreachable: It is not such a URL.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise UpstreamUnreachable("the upstream's address is not an encoded http or https URL")
    scheme, authority, target = match.groups()
    if target is None or target[0] != "/":
        target = f"/{target or ''}"
    return parse_origin(scheme, authority), target


@lru_cache(maxsize=1024)
def parse_origin(scheme: str, authority: str) -> Origin:
    """Split ``host``, ``host:port`` or ``[ipv6]:port``."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    scheme, host = scheme.lower(), host.lower()
    number = int(port) if port.isdecimal() else _DEFAULT_PORTS[scheme]
    if (port and not port.isdecimal()) or number not in _PORTS:
        raise UpstreamUnreachable("the upstream's address has no valid port")
    peer = f"{host}:{number}"
    header = host if number == _DEFAULT_PORTS[scheme] else peer
    return Origin(f"{scheme}://{peer}", scheme, host.strip("[]"), number, peer, header, f"host: {header}".encode())
