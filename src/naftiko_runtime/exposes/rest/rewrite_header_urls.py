"""Rewrites URLs in response headers: from the URLs of an upstream to those of the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus, urljoin, urlsplit

from msgspec import Struct

from naftiko_runtime.encode_for_place import PATH_SAFE
from naftiko_runtime.engine.caller_query import drop_fields
from naftiko_runtime.engine.represented_resource import find_path_below
from naftiko_runtime.engine.result import URL_HEADERS
from naftiko_runtime.exposes.rest.path_dispatch import Dispatcher
from naftiko_runtime.plan import Argument, ForwardRoute

if TYPE_CHECKING:
    from collections.abc import Iterable
    from urllib.parse import SplitResult

    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.engine.represented_resource import RepresentedResource
    from naftiko_runtime.plan import Route
    from naftiko_runtime.upstream.interface import Header

_LINK: Final = re.compile(
    r"<(?P<target>[^<>]*)>"
    r'|(?<![\w*-])(?P<anchor>anchor\s*=\s*)"(?P<context>[^"\\]*)"'
    r'|"(?:[^"\\]|\\.)*(?:"|\\?$)',
    re.IGNORECASE,
)
"""What matters of a ``Link`` header (RFC 8288): targets, anchors, and quoted texts, in which there are none."""


class ProxiedRequest(Struct):
    """A request to an upstream, and the caller's request.

    Attributes:
        operation: The called operation.
        url: The URL of the request. Relative URLs are relative to it.
        own_path: The caller's path, if a GET of it leads to the same resource.
    """

    operation: BoundOperation
    url: str
    own_path: str | None


class Locations:
    """The URLs of a server, by the URLs of its upstreams."""

    def __init__(self, parts: Iterable[tuple[Route | ForwardRoute, BoundOperation]], public_url: str = "") -> None:
        """Index the paths.

        Args:
            parts: The routes and forwards, each with its operation.
            public_url: The URL at which callers reach ``/``. If it is empty, URLs of the server are only a path.
        """
        self._public_url = public_url
        self._routes: dict[str, Dispatcher[tuple[Route, RepresentedResource]]] = {}
        self._forwards: dict[str, ForwardRoute] = {}
        for exposed, operation in parts:
            if (resource := operation.execution.resource) is None:
                continue
            if isinstance(exposed, ForwardRoute):
                if not _list_names(exposed.pattern):
                    self._forwards.setdefault(resource.namespace, exposed)
                continue
            pattern = resource.pattern if exposed.method == "GET" else None
            if pattern is not None and _list_names(exposed.pattern) == _list_names(pattern):
                self._routes.setdefault(resource.namespace, Dispatcher()).add("GET", pattern, (exposed, resource))

    def rewrite_headers(self, headers: list[Header], proxied: ProxiedRequest) -> list[Header]:
        """Rewrite the URLs in ``Location``, ``Content-Location`` and ``Link``, so that the caller can follow them.

        A URL below the base URI becomes that of the path that exposes it. Without such a path, it becomes absolute.
        Other URLs are unchanged. The API's own key is removed from the query: the runtime adds it to each request.

        Args:
            headers: The headers of the upstream's response.
            proxied: The request that the response is for.
        """
        return [
            (name, self._rewrite_value(name, value.decode("latin-1"), proxied).encode("latin-1"))
            if name in URL_HEADERS
            else (name, value)
            for name, value in headers
        ]

    def _rewrite_value(self, name: bytes, value: str, proxied: ProxiedRequest) -> str:
        if name != b"link":
            return self._rewrite_target(value, proxied)

        def replace_part(match: re.Match[str]) -> str:
            if (target := match["target"]) is not None:
                return f"<{self._rewrite_target(target.strip(), proxied)}>"
            if match["anchor"] is not None:
                return f'{match["anchor"]}"{self._rewrite_target(match["context"], proxied)}"'
            return match[0]

        return _LINK.sub(replace_part, value)

    def _rewrite_target(self, target: str, proxied: ProxiedRequest) -> str:
        if not target or target.startswith("#"):  # what the caller asked for, or a part of it
            return target
        if (resource := proxied.operation.execution.resource) is None:
            return target
        sent = proxied.url.partition("?")[0]
        try:
            split = urlsplit(urljoin(sent, target))
            rest = find_path_below(split, resource.base_uri)
        except ValueError:  # not a URL: pass it on unchanged
            return target
        if rest is None:
            return target
        split = _drop_secrets(split, resource)
        exposed: tuple[str, RepresentedResource | None] | None
        if proxied.own_path is not None and rest == find_path_below(urlsplit(sent), resource.base_uri):
            exposed = proxied.own_path, resource
        else:
            exposed = self._find_exposed(rest, resource)
        if exposed is None:
            return split.geturl()
        path, found = exposed
        query = split.query if found is None else _rename_fields(split.query, found)
        shown = split._replace(scheme="", netloc="", path="/" + path.lstrip("/"), query=query).geturl()
        return self._public_url + shown

    def _find_exposed(self, rest: str, proxied: RepresentedResource) -> tuple[str, RepresentedResource | None] | None:
        """Return the path that exposes a path of the upstream, and its route.

        The callers of a forward stay inside it.
        """
        forward, dispatcher = self._forwards.get(proxied.namespace), self._routes.get(proxied.namespace)
        if dispatcher is not None and not proxied.is_forwarded:
            for found, values in dispatcher.find_matches(rest.encode()):
                if (target := found.get_target("GET")) is not None:
                    route, resource = target
                    pieces = (
                        quote(p, safe=PATH_SAFE) if isinstance(p, str) else quote(values[p.name], safe="")
                        for p in route.pattern
                    )
                    return "".join(pieces), resource
        return None if forward is None else ("".join(map(str, forward.pattern)) + rest, None)


def has_every_input(pattern: tuple[str | Argument, ...], resource: RepresentedResource | None) -> bool:
    """Return whether the path of a route has all values for the path of its request."""
    return resource is not None and resource.inputs is not None and resource.inputs <= _list_names(pattern)


def _rename_fields(query: str, resource: RepresentedResource) -> str:
    """Return a query with the names that callers use for its fields."""
    names = resource.query_inputs
    if not names or not query:
        return query
    fields = (field.partition("=") for field in query.split("&"))
    return "&".join(
        (name if (given := names.get(unquote_plus(name))) is None else quote(given, safe="")) + equals + value
        for name, equals, value in fields
    )


def make_relative_to_base(target: str, operation: BoundOperation, url: str) -> str:
    """Return the path and query of a URL below the base URI of its API. Other URLs are unchanged.

    The API's own key is left out of the query.

    Args:
        target: The URL from the upstream.
        operation: The called operation.
        url: The URL of the request. Relative URLs are relative to it.
    """
    if (resource := operation.execution.resource) is None:
        return target
    try:
        split = urlsplit(urljoin(url, target))
        rest = find_path_below(split, resource.base_uri)
    except ValueError:
        return target
    if rest is None:
        return target
    return _drop_secrets(split, resource)._replace(scheme="", netloc="", path=rest or "/").geturl()


def _drop_secrets(split: SplitResult, resource: RepresentedResource) -> SplitResult:
    if not resource.secret_fields:
        return split
    query = drop_fields(split.query.encode("latin-1"), resource.secret_fields)
    return split._replace(query=query.decode("latin-1"))


def _list_names(pattern: tuple[str | Argument, ...]) -> set[str]:
    return {piece.name for piece in pattern if isinstance(piece, Argument)}
