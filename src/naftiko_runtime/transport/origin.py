"""Where a request goes, and how it is told that it did not get there."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from naftiko_runtime import limits
from naftiko_runtime.errors import UpstreamOverloaded, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from naftiko_runtime.transport.base import Header, Piece

REFUSED: Final = "connection refused by {peer}"
NO_ROUTE: Final = "there is no route to {peer}"
UNRESOLVED: Final = "name '{host}' does not resolve"
CERTIFICATE: Final = "the TLS certificate of {peer} is not valid{why}"
TLS: Final = "TLS with {peer} failed"
NO_CONNECTION: Final = "cannot connect to {peer}"
SLOW: Final = "there was no connection to {peer} within {seconds:g} s"
CLOSED: Final = "{peer} closed the connection before answering"
NOT_HTTP: Final = "the answer of {peer} is not HTTP"
HEAD_TOO_LARGE: Final = "the head of the answer of {peer} is too large"
BROKEN_OFF: Final = "{peer} broke off its answer"
UNWRITABLE: Final = "the request to {peer} cannot be written as HTTP"

_FOR_CALLERS: Final = {
    REFUSED: "the connection was refused",
    NO_ROUTE: "there is no network route to it",
    UNRESOLVED: "its name does not resolve",
    CERTIFICATE: "its TLS certificate is not valid",
    TLS: "TLS failed",
    NO_CONNECTION: "no connection could be made",
    SLOW: "no connection was made in time",
    CLOSED: "the connection was closed before a response came",
    NOT_HTTP: "its response is not HTTP",
    HEAD_TOO_LARGE: "the head of its response is too large",
    BROKEN_OFF: "the response broke off",
    UNWRITABLE: "the request cannot be written as HTTP",
}
"""What callers are told instead of a template: the kind of failure, without addresses and certificates."""

METHODS_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""For every other method, having no body is said by ``content-length: 0``."""

STATUSES: Final = range(200, 600)
"""What an answer's status can be: interim answers are none."""

Templates: TypeAlias = tuple[tuple[type[BaseException], str], ...]
"""Kinds of errors and what is told of them: the first that fits."""

_CONTROLS: Final = bytes({*range(32), 127} - {9})
_BY_TYPE: Final[Templates] = (
    (ssl.SSLCertVerificationError, CERTIFICATE),
    (ssl.SSLError, TLS),
    (socket.gaierror, UNRESOLVED),
    (ConnectionRefusedError, REFUSED),
    (ConnectionError, CLOSED),
    (TimeoutError, SLOW),
    (UnicodeError, UNWRITABLE),
)
_BY_ERRNO: Final = {
    errno.ECONNREFUSED: REFUSED,
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.ENETUNREACH: NO_ROUTE,
    errno.ETIMEDOUT: SLOW,
}
# No white space, control or non-ASCII character: they would end the request line early.
# Not by re.IGNORECASE: that lets the few other characters pass which fold to ASCII, and takes twice as long.
_URL: Final = re.compile(r"([Hh][Tt]{2}[Pp][Ss]?)://(?:[!\"$-.0->@-~]*@)?([!\"$-.0-;=A-~]+)([/?][!\"$-~]*)?(?:#.*)?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Origin:
    """The part of a URL that few URLs differ in, so it is taken apart once.

    Attributes:
        key: ``scheme://host:port``, alike for all ways of writing one: a text is hashed once, a tuple each time.
        scheme: ``http`` or ``https``.
        host: A name or an address, in lower case and without brackets.
        port: The one given or the scheme's own.
        peer: ``host:port``, for people.
        host_header: What ``Host`` says: the port only where it is not the scheme's own.
        host_line: The header in wire form, without its end.
    """

    key: str
    scheme: str
    host: str
    port: int
    peer: str
    host_header: str
    host_line: bytes

    def unreachable(self, template: str, *, why: str = "", seconds: float = 0) -> UpstreamUnreachable:
        """The error that one of this module's templates tells about this origin."""
        detail = template.format(peer=self.peer, host=self.host, why=why, seconds=seconds)
        return UpstreamUnreachable(_FOR_CALLERS.get(template, "the exchange failed"), detail)

    def overloaded(self, connections_max: int) -> UpstreamOverloaded:
        """The error that this origin has as many exchanges in progress as are allowed."""
        message = f"{connections_max} requests to it are in progress, which is the limit"
        detail = f"{message} of connections to {self.peer}"
        return UpstreamOverloaded(message, limits.UPSTREAM_RETRY_SECONDS, detail)


def split_url(url: str) -> tuple[Origin, str]:
    """The origin of an absolute http(s) URL, and the request target exactly as it stands there.

    A user name and password are left out, and so is a fragment: neither is ever sent.

    Raises:
        UpstreamUnreachable: It is not such a URL.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise UpstreamUnreachable("the upstream's address is not an encoded http or https URL")
    scheme, authority, target = match.groups()
    if target is None or target[0] != "/":
        target = f"/{target or ''}"
    return origin_of(scheme, authority), target


@lru_cache(maxsize=1024)
def origin_of(scheme: str, authority: str) -> Origin:
    """Take ``host``, ``host:port`` or ``[ipv6]:port`` apart."""
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


def is_http(status: int, headers: Sequence[Header]) -> bool:
    """Whether an answer that a library accepted is one that HTTP knows, and that can be passed on."""
    values = b"".join([value for _, value in headers])
    return status in STATUSES and len(values.translate(None, _CONTROLS)) == len(values)


def sendable(headers: Sequence[Header]) -> Sequence[Header]:
    """The headers without those whose value is not UTF-8, which nobody could read: callers send such ones."""
    if b"".join([value for _, value in headers]).isascii():
        return headers
    return [(name, value) for name, value in headers if _is_utf8(value)]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def explained(error: BaseException, origin: Origin, templates: Templates, seconds: float) -> UpstreamUnreachable:
    """What an error means, told without its own words: by its causes, or else by a library's own templates."""
    template, why = _by_cause(error) or (next(text for kind, text in templates if isinstance(error, kind)), "")
    return origin.unreachable(template, why=why, seconds=seconds)


def _by_cause(error: BaseException) -> tuple[str, str] | None:
    """The template, and what to say for its ``{why}``, that the causes of an error tell; or nothing."""
    for cause in _causes(error):
        template = next((text for kind, text in _BY_TYPE if isinstance(cause, kind)), None)
        if template is None and isinstance(cause, OSError):
            template = _BY_ERRNO.get(cause.errno or 0)
        if template is not None:
            return template, _why(cause)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The causes of an error, the first one first."""
    if error is not None:
        yield from _causes(error.__cause__)
        yield error


def _why(error: BaseException) -> str:
    # Only an error that OpenSSL itself made has the attribute.
    reason = getattr(error, "verify_message", "") if isinstance(error, ssl.SSLCertVerificationError) else ""
    return f": {reason}" if reason else ""


class Upload:
    """A streamed body that remembers what it raised: libraries report it as the connection's failure."""

    __slots__ = ("_body", "error")

    def __init__(self, body: AsyncIterator[Piece]) -> None:
        self._body = body
        self.error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[Piece]:
        try:
            async for chunk in self._body:
                if chunk:
                    yield chunk
        except Exception as error:
            self.error = error
            raise
