"""Why an exchange with an upstream failed: one text for the operator's log, and one for callers."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from naftiko_runtime import limits
from naftiko_runtime.errors import UpstreamOverloaded, UpstreamUnreachable
from naftiko_runtime.http_client import tunnel
from naftiko_runtime.http_client.tunnel import ProxyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.http_client.proxies import Proxy
    from naftiko_runtime.http_client.routes import UpstreamRoute


class Failure(NamedTuple):
    """A kind of failure.

    Attributes:
        log: A template for the log; its fields are ``peer``, ``host``, ``why`` and ``seconds``.
        caller: What callers read: the kind of failure, without addresses and certificates.
    """

    log: str
    caller: str


REFUSED: Final = Failure("connection refused by {peer}", "the connection was refused")
NO_ROUTE: Final = Failure("there is no route to {peer}", "there is no network route to it")
UNRESOLVED: Final = Failure("name '{host}' does not resolve", "its name does not resolve")
CERTIFICATE: Final = Failure("the TLS certificate of {peer} is not valid{why}", "its TLS certificate is not valid")
TLS: Final = Failure("TLS with {peer} failed", "TLS failed")
NO_CONNECTION: Final = Failure("cannot connect to {peer}", "no connection could be made")
SLOW: Final = Failure("there was no connection to {peer} within {seconds:g} s", "no connection was made in time")
CLOSED: Final = Failure(
    "{peer} closed the connection before it responded", "the connection was closed before a response came"
)
NOT_HTTP: Final = Failure("the response of {peer} is not valid HTTP", "its response is not valid HTTP")
HEAD_TOO_LARGE: Final = Failure("the response head of {peer} is too large", "the head of its response is too large")
BROKEN_OFF: Final = Failure("{peer} broke off its response", "the response broke off")
UNWRITABLE: Final = Failure("the request to {peer} cannot be written as HTTP", "the request cannot be written as HTTP")
PROXY: Final = Failure("cannot connect to {peer}: {why}", "no connection could be made")

FailureTable: TypeAlias = tuple[tuple[type[BaseException], Failure], ...]
"""Failures by type of error; the first that fits counts."""

_BY_TYPE: Final[FailureTable] = (
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


def make_unreachable(
    route: UpstreamRoute, failure: Failure, *, why: str = "", seconds: float = 0
) -> UpstreamUnreachable:
    """Return the error for a failure.

    Args:
        route: Where the request was to go.
        failure: What happened.
        why: A reason to append to the text for the log.
        seconds: How long the client waited for a connection.
    """
    detail = failure.log.format(peer=route.peer, host=route.origin.host, why=why, seconds=seconds)
    return UpstreamUnreachable(failure.caller, detail)


def make_proxy_407_error(route: UpstreamRoute, proxy: Proxy) -> UpstreamUnreachable:
    """Return the error for a proxy that forwards no request without a valid user."""
    return make_unreachable(route, PROXY, why=tunnel.explain_407(proxy))


def make_overloaded(route: UpstreamRoute, connections_max: int) -> UpstreamOverloaded:
    """Return the error for an upstream that has as many exchanges in progress as are allowed."""
    message = f"{connections_max} requests to it are in progress, which is the limit"
    detail = f"{message} of connections to {route.peer}"
    return UpstreamOverloaded(message, limits.UPSTREAM_RETRY_SECONDS, detail)


def explain(error: BaseException, route: UpstreamRoute, fallbacks: FailureTable, seconds: float) -> UpstreamUnreachable:
    """Return the error for an exception, by its causes or a library's table; its own text is not used."""
    if isinstance(error, ProxyError) and route.proxy is not None:
        return make_unreachable(route, PROXY, why=error.why or _explain_cause(error.cause, route.proxy))
    failure, why = _find_cause(error) or (next(entry for kind, entry in fallbacks if isinstance(error, kind)), "")
    return make_unreachable(route, failure, why=why, seconds=seconds)


def _explain_cause(cause: OSError | None, proxy: Proxy) -> str:
    failure, why = _find_cause(cause) or (NO_CONNECTION, "")
    return failure.log.format(peer=proxy.origin.peer, host=proxy.origin.host, why=why, seconds=0)


def _find_cause(error: BaseException | None) -> tuple[Failure, str] | None:
    """Return the failure for the causes of an error, and the reason for its text; or None."""
    for cause in _list_causes(error):
        failure = next((entry for kind, entry in _BY_TYPE if isinstance(cause, kind)), None)
        if failure is None and isinstance(cause, OSError):
            failure = _BY_ERRNO.get(cause.errno or 0)
        if failure is not None:
            return failure, _explain_certificate(cause)
    return None


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the causes of an error, the first one first."""
    if error is not None:
        yield from _list_causes(error.__cause__)
        yield error


def _explain_certificate(error: BaseException) -> str:
    # Only an error that OpenSSL itself made has the attribute.
    reason = getattr(error, "verify_message", "") if isinstance(error, ssl.SSLCertVerificationError) else ""
    return f": {reason}" if reason else ""
