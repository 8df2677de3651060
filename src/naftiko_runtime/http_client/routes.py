"""Routes to origins: directly, or through a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from naftiko_runtime.http_client.proxies import Proxies, Proxy
    from naftiko_runtime.upstream.interface import Header
    from naftiko_runtime.upstream.url_origin import Origin

_ROUTES_KEPT_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class UpstreamRoute:
    """How requests get to an origin.

    An ``http`` origin behind a proxy is asked of the proxy, by a request with a whole URL. To an ``https`` origin the
    proxy opens a tunnel (``CONNECT``), and what goes through it is the same as without a proxy.

    Attributes:
        origin: Where requests go.
        proxy: The proxy that they go through; None for a direct connection.
        key: Names the connections that can carry them.
        peer: The origin, and the proxy, for people.
        forwarded_by: The proxy if it forwards requests itself; None with a tunnel or without a proxy.
        target_start: The text before a path and query in a request line.
        proxy_headers: Headers that the proxy gets with each request.
    """

    origin: Origin
    proxy: Proxy | None
    key: str
    peer: str
    forwarded_by: Proxy | None
    target_start: str
    proxy_headers: tuple[Header, ...]


def make_route(origin: Origin, proxy: Proxy | None = None) -> UpstreamRoute:
    """Return the route to an origin through a proxy, or the direct one."""
    if proxy is None:
        return UpstreamRoute(origin, None, origin.key, origin.peer, None, "", ())
    key = f"{origin.key} {proxy.origin.key}"
    peer = f"{origin.peer} through the proxy {proxy.origin.peer}"
    if origin.scheme == "https":
        return UpstreamRoute(origin, proxy, key, peer, None, "", ())
    start = f"{origin.scheme}://{origin.host_header}"
    return UpstreamRoute(origin, proxy, key, peer, proxy, start, make_proxy_authorization(proxy))


def make_proxy_authorization(proxy: Proxy) -> tuple[Header, ...]:
    """Return the header with the user of a proxy, if it has one."""
    return ((b"proxy-authorization", proxy.authorization.encode()),) if proxy.authorization else ()


class RouteTable:
    """The routes of one client, each made once."""

    __slots__ = ("_proxies", "_routes")

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._routes: dict[str, UpstreamRoute] = {}

    def find(self, origin: Origin) -> UpstreamRoute:
        """Return the route to an origin."""
        route = self._routes.get(origin.key)
        if route is None:
            if len(self._routes) >= _ROUTES_KEPT_MAX:  # a document may let callers choose the host
                self._routes.clear()
            route = self._routes[origin.key] = make_route(origin, self._proxies.find(origin))
        return route
