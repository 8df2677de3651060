"""Protects servers from foreign web pages: the headers ``Host`` and ``Origin``, and CORS.

A page in a browser on this machine, or behind the same firewall, reaches servers that its author cannot reach. It can
send requests to their addresses (``Origin`` names the page then), or have its own name resolve to them (DNS
rebinding: ``Host`` has that name then).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from naftiko_runtime.caller_policy import is_loopback, parse_host
from naftiko_runtime.problem_details import send_problem_document
from naftiko_runtime.send_response import send_bodyless

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Mapping, MutableMapping

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.upstream.interface import Header

log = logging.getLogger(__name__)

_OTHER_HOST: Final = "this server does not accept this name; the operator can allow it with --allowed-host"
_OTHER_ORIGIN: Final = "web pages of this origin cannot call this server; the operator can allow it with --allow-origin"
_SHOWN_CHARACTERS: Final = 200
_LOGGED_MAX: Final = 100
_ACCEPTED_MAX: Final = 64
_PREFLIGHT_SECONDS: Final = b"600"
_ALWAYS_READABLE: Final = frozenset(
    {
        b"cache-control",
        b"content-language",
        b"content-length",
        b"content-type",
        b"expires",
        b"last-modified",
        b"pragma",
    }
)
"""The headers that a page can read without permission (Fetch, CORS-safelisted response headers)."""


def guard_pages(
    app: App,
    policy: CallerPolicy,
    namespace: str,
    address: str,
    *,
    checks_origin: bool = False,
    public_paths: Collection[str] = (),
) -> App:
    """Return an application that rejects requests of foreign web pages. It is the same one if nothing is to check.

    Args:
        app: The application.
        policy: The operator's choices.
        namespace: The namespace of the expose, for the log.
        address: The address that the server listens on.
        checks_origin: Whether ``Origin`` is checked on every address. It always is on this machine only.
        public_paths: Paths that pages of every origin may read. The application sends their CORS headers itself.
    """
    guard = _PageGuard(app, policy, namespace, address, checks_origin=checks_origin, public_paths=public_paths)
    return guard.make_app() if guard.checks_host or guard.checks_origin or policy.allowed_origins else app


class _PageRefusal(NamedTuple):
    """Why a request is rejected: the last part of the problem's type, and the explanation for people."""

    slug: str
    detail: str


class _PageGuard:
    """The guard of one application. What it accepts is computed once."""

    def __init__(
        self,
        app: App,
        policy: CallerPolicy,
        namespace: str,
        address: str,
        *,
        checks_origin: bool,
        public_paths: Collection[str],
    ) -> None:
        local = is_loopback(address)
        self.checks_host = (local or bool(policy.allowed_hosts)) and "*" not in policy.allowed_hosts
        self.checks_origin = local or checks_origin
        self._app = app
        self._public_paths = public_paths
        self._policy = policy
        self._namespace = namespace
        public = [urlsplit(url) for url in policy.public_urls.by_namespace.values()]
        self._hosts = policy.allowed_hosts.union(url.hostname or "" for url in public)
        self._own_origins = {f"{url.scheme}://{url.netloc}" for url in public}
        self._allows_any_origin = "*" in policy.allowed_origins
        self._varies = bool(policy.allowed_origins) and not self._allows_any_origin
        self._accepted: set[bytes | None] = {None}
        self._logged: set[tuple[str, str]] = set()

    def make_app(self) -> App:
        """Return the guarded application. A request that needs no more than a look at its headers costs little."""
        app, check, accepted, any_host = self._app, self._check, self._accepted, not self.checks_host
        proxied, varied = bool(self._policy.trusted_proxies), self._varies

        def handle(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            headers = dict(scope["headers"])
            if (
                (any_host or headers.get(b"host") in accepted)
                and b"origin" not in headers
                and not varied
                and not (proxied and b"x-forwarded-host" in headers)
            ):
                return app(scope, receive, send)
            return check(headers, scope, receive, send)

        return handle

    def _check(self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle a request whose headers need a closer look."""
        hosts = self._list_hosts(scope, headers)
        is_public = scope["path"] in self._public_paths
        refusal = self._find_host_fault(hosts) or (None if is_public else self._find_origin_fault(hosts, headers))
        if refusal is not None:
            return send_problem_document(send, 403, refusal.slug, refusal.detail)
        if self.checks_host and hosts == [host := headers.get(b"host")] and len(self._accepted) < _ACCEPTED_MAX:
            self._accepted.add(host)
        if is_public:
            return self._app(scope, receive, send)
        return self._handle_accepted(headers, scope, receive, send)

    def _handle_accepted(
        self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Handle a request that is not rejected. A page of an allowed origin may read the response."""
        origin = headers.get(b"origin")
        if origin is None or not self._allows(origin):
            return self._app(scope, receive, self._vary(send))
        readable: list[Header] = [(b"access-control-allow-origin", b"*" if self._allows_any_origin else origin)]
        if not self._allows_any_origin:
            readable.append((b"vary", b"origin"))
        method = headers.get(b"access-control-request-method")
        if scope["method"] == "OPTIONS" and method is not None:
            requested = headers.get(b"access-control-request-headers", b"")
            return send_bodyless(send, 204, [*readable, *_make_preflight_headers(method, requested)])
        return self._app(scope, receive, _add_headers(send, readable, exposes=True))

    def _list_hosts(self, scope: Scope, headers: Mapping[bytes, bytes]) -> list[bytes]:
        """Return the hosts that a caller asked for: those that a trusted proxy forwards, or that of its connection.

        There is none without the header. Browsers always send it.
        """
        forwarded = headers.get(b"x-forwarded-host")
        if forwarded is not None and self._policy.trusts((scope.get("client") or ("",))[0]):
            return [host.strip() for host in forwarded.split(b",")]
        return [headers[b"host"]] if b"host" in headers else []

    def _find_host_fault(self, hosts: list[bytes]) -> _PageRefusal | None:
        if not self.checks_host:
            return None
        fault = next((host for host in hosts if not self._is_known(host)), None)
        return None if fault is None else self._refuse("host-not-allowed", "Host", fault, _OTHER_HOST)

    def _find_origin_fault(self, hosts: list[bytes], headers: Mapping[bytes, bytes]) -> _PageRefusal | None:
        origin = headers.get(b"origin")
        if origin is None or not self.checks_origin or self._allows(origin):
            return None
        text = origin.decode("latin-1").lower()
        if text in self._own_origins:
            return None
        # A page of this server itself. Its name must be known: others can resolve to this address, too.
        authority = text.partition("://")[2].encode("latin-1")
        if any(host.lower() == authority and self._is_known(host) for host in hosts):
            return None
        return self._refuse("origin-not-allowed", "Origin", origin, _OTHER_ORIGIN)

    def _is_known(self, authority: bytes) -> bool:
        host = parse_host(authority)
        return host in self._hosts or is_loopback(host)

    def _allows(self, origin: bytes) -> bool:
        return self._allows_any_origin or origin.decode("latin-1").lower() in self._policy.allowed_origins

    def _vary(self, send: Send) -> Send:
        """Tell caches that the response to an allowed page differs. Only if there are such pages."""
        if not self._varies:
            return send
        return _add_headers(send, [(b"vary", b"origin")], exposes=False)

    def _refuse(self, slug: str, header: str, value: bytes, why: str) -> _PageRefusal:
        """Make a rejection, and log it: each value once, up to a limit."""
        shown = value.decode("latin-1")[:_SHOWN_CHARACTERS]
        if (header, shown) not in self._logged and len(self._logged) < _LOGGED_MAX:
            self._logged.add((header, shown))
            extra = {"namespace": self._namespace, "header": header, "value": shown, "reason": why}
            log.warning("request rejected", extra=extra)
        return _PageRefusal(slug, f"the {header} header says '{shown}': {why}")


def _make_preflight_headers(method: bytes, requested: bytes) -> list[Header]:
    """Return the headers that allow what a page asks for. The server itself decides about the request."""
    headers = [(b"access-control-allow-methods", method), (b"access-control-max-age", _PREFLIGHT_SECONDS)]
    return [*headers, (b"access-control-allow-headers", requested)] if requested else headers


def _add_headers(send: Send, added: list[Header], *, exposes: bool) -> Send:
    """Add headers to a response.

    Args:
        send: The ASGI callable.
        added: The headers.
        exposes: Whether a page may read all headers of the response.
    """

    async def add(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers: list[Header] = [*message["headers"], *added]
            names = sorted({name for name, _ in message["headers"]} - _ALWAYS_READABLE) if exposes else []
            message["headers"] = [*headers, (b"access-control-expose-headers", b", ".join(names))] if names else headers
        await send(message)

    return add
