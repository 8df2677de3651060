"""The limits and permissions of callers, and the headers that are passed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import limits
from naftiko_runtime.public_urls import PublicUrls
from naftiko_runtime.telemetry.trace_headers import TRACEPARENT, TRACESTATE, filter_trace_headers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.upstream.interface import Header

_CALLERS_OWN: Final = frozenset({b"user-agent", b"accept-language", b"referer"})
TRACE: Final = frozenset({TRACEPARENT, TRACESTATE})
_FORWARDING: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})
UNCONDITIONAL: Final = _CALLERS_OWN | TRACE | _FORWARDING | {b"host"}
"""The headers of a caller that go to an upstream whatever the call."""

_PRECONDITIONS: Final = frozenset({b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"})
_LISTS: Final = frozenset({b"if-match", b"if-none-match"})

CONDITIONAL: Final = UNCONDITIONAL | _PRECONDITIONS
"""The headers of a REST caller that go to the upstream."""

RANGED: Final = CONDITIONAL | {b"range", b"if-range"}
"""The same for a response that passes through, which may be a part of the upstream's."""


@dataclass(frozen=True, slots=True)
class CallerPolicy:
    """The operator's choices for all listeners.

    Attributes:
        trusted_proxies: Networks whose ``Forwarded`` and ``X-Forwarded-*`` headers are trusted and extended.
        allowed_origins: Origins of web pages that may call and read responses (CORS), in lower case; ``*`` for any.
        allowed_hosts: Hosts that a Host header may name, besides the names of this machine; ``*`` for any host.
        body_bytes_max: The maximum size of a request body.
        message_bytes_max: The maximum size of an MCP message.
        public_urls: The URLs that callers use, where they are not those of the listeners.
        mcp_fast_path: Whether plain MCP messages take the fast path past the MCP library, with the same responses.
        discovery: Whether MCP servers describe themselves to clients that look for servers.
    """

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    allowed_origins: frozenset[str] = frozenset()
    body_bytes_max: int = limits.REQUEST_BODY_BYTES_MAX
    mcp_fast_path: bool = True
    discovery: bool = True
    allowed_hosts: frozenset[str] = frozenset()
    message_bytes_max: int = limits.MESSAGE_BYTES_MAX
    public_urls: PublicUrls = field(default_factory=PublicUrls)

    def trusts(self, host: str) -> bool:
        """Return whether a peer is one of the trusted proxies."""
        if not self.trusted_proxies:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.trusted_proxies)

    def select_headers(
        self, scope: Scope, names: frozenset[bytes] = UNCONDITIONAL
    ) -> tuple[list[Header], list[Header]]:
        """Select the headers of a caller that go to the upstream.

        Args:
            scope: The ASGI scope of the request.
            names: The headers that may go; by default no preconditions, as for a message with calls.

        Returns:
            Preconditions, ranges, forwarding and tracing headers, which always go; and the caller's own headers, which
            only open operations send.
        """
        forwarding: dict[bytes, bytes] = {}
        always: list[Header] = []
        own: list[Header] = []
        trace: list[Header] = []
        for pair in scope["headers"]:
            name = pair[0]
            if name not in names:
                continue
            if name in _CALLERS_OWN:
                own.append(pair)
            elif name in TRACE:
                trace.append(pair)
            elif name not in UNCONDITIONAL:
                _add_condition(always, pair)
            else:
                before = forwarding.get(name)
                forwarding[name] = pair[1] if before is None else before + b", " + pair[1]
        if trace:
            always += filter_trace_headers(trace)
        always += self._make_forwarding_headers(scope, forwarding)
        return always, own

    def _make_forwarding_headers(self, scope: Scope, given: dict[bytes, bytes]) -> Iterable[Header]:
        if scope.get("client") is None:  # no connection: the caller has started this process
            return ()
        peer = scope["client"][0]
        address = peer.encode()
        scheme, host = scope["scheme"].encode(), given.get(b"host", b"")
        if not self.trusted_proxies or not self.trusts(peer):
            return (
                (b"x-forwarded-for", address),
                (b"x-forwarded-proto", scheme),
                (b"x-forwarded-host", host),
            )
        return _extend_forwarding_headers(given, address, scheme, host)


def _add_condition(headers: list[Header], pair: Header) -> None:
    """Add a precondition or range; of several lines with one name, join the lists and keep the first of the others."""
    name, value = pair
    index = next((i for i, (other, _) in enumerate(headers) if other == name), None)
    if index is None:
        headers.append(pair)
    elif name in _LISTS:
        headers[index] = (name, headers[index][1] + b", " + value)


def _extend_forwarding_headers(given: dict[bytes, bytes], address: bytes, scheme: bytes, host: bytes) -> list[Header]:
    """Return the forwarding headers of a trusted proxy, with that proxy appended."""
    before = given.get(b"x-forwarded-for")
    headers = [
        (b"x-forwarded-for", before + b", " + address if before else address),
        (b"x-forwarded-proto", given.get(b"x-forwarded-proto", scheme)),
        (b"x-forwarded-host", given.get(b"x-forwarded-host", host)),
    ]
    if (forwarded := given.get(b"forwarded")) is not None:
        node = b'"[' + address + b']"' if b":" in address else address
        headers.append((b"forwarded", forwarded + b", for=" + node))
    return headers


def is_loopback(address: str) -> bool:
    """Return whether only callers on this machine reach what listens on an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


@lru_cache(maxsize=64)
def parse_host(authority: bytes) -> str:
    """Return the host of ``host:port`` in lower case, without brackets; empty without one."""
    try:
        return (urlsplit("//" + authority.decode("latin-1")).hostname or "").lower()
    except ValueError:
        return ""
