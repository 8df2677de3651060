"""``Location`` headers: an upstream names its own resources by its own URLs, callers know them by ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from naftiko_runtime.adapters.dispatch import Dispatcher
from naftiko_runtime.plan import Argument, Constant
from naftiko_runtime.template import IN_PATH, as_text

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from naftiko_runtime.plan import Forward, Request, RestServer, Route, Upstream
    from naftiko_runtime.transport.base import Header

LOCATING: Final = frozenset({201, 202, *range(300, 309)})
"""Statuses with which a ``Location`` means something."""

_PORTS: Final = {"http": 80, "https": 443}


class Locations:
    """Where a server exposes what its upstreams call by URLs below their base URIs."""

    def __init__(self, server: RestServer) -> None:
        self._routes: dict[str, Dispatcher[Route]] = {}
        for route in server.routes:
            pattern = _consumed_pattern(route.operation.request) if route.method == "GET" else None
            if pattern is not None and _names(route.pattern) <= _names(pattern):
                namespace = route.operation.request.upstream.namespace
                self._routes.setdefault(namespace, Dispatcher()).add("GET", pattern, route)
        self._forwards: dict[str, Forward] = {}
        for forward in server.forwards:
            if not _names(forward.pattern):
                self._forwards.setdefault(forward.operation.request.upstream.namespace, forward)

    def rewritten(self, headers: list[Header], request: Request, url: str) -> list[Header]:
        """Response headers with a ``Location`` that the caller can follow.

        One below the base URI becomes the path that exposes it; where nothing does, it is made absolute, so that it
        keeps its meaning. Any other stays as it is.

        Args:
            headers: Of the upstream's answer.
            request: What was called.
            url: The URL that was sent, which a relative location is relative to.
        """
        return [
            (name, self._target(value.decode("latin-1"), request, url).encode("latin-1"))
            if name == b"location"
            else (name, value)
            for name, value in headers
        ]

    def _target(self, location: str, request: Request, url: str) -> str:
        try:
            absolute = urljoin(url.partition("?")[0], location)
            split = urlsplit(absolute)
            rest = _below(split, request.upstream)
        except ValueError:  # no URL: whoever follows it will see
            return location
        if rest is None:
            return location
        path = self._path(rest, request)
        if path is None:
            return absolute
        return path + (f"?{split.query}" if split.query else "") + (f"#{split.fragment}" if split.fragment else "")

    def _path(self, rest: str, request: Request) -> str | None:
        """What is exposed for the rest of an upstream's path; a forward's caller stays inside the forward."""
        namespace = request.upstream.namespace
        forward, dispatcher = self._forwards.get(namespace), self._routes.get(namespace)
        if dispatcher is not None and not request.forwards:
            for resource, values in dispatcher.matches(rest.encode()):
                if (route := resource.target("GET")) is not None:
                    return "".join(
                        quote(p, safe=IN_PATH) if isinstance(p, str) else quote(values[p.name], safe="")
                        for p in route.pattern
                    )
        return None if forward is None else "".join(map(str, forward.pattern)) + rest


def _below(split: SplitResult, upstream: Upstream) -> str | None:
    """The path behind a base URI; nothing when a URL is not below it."""
    base = urlsplit(upstream.base_uri)
    prefix = base.path.rstrip("/")
    if _origin(split) != _origin(base) or not f"{split.path}/".startswith(f"{prefix}/"):
        return None
    rest = split.path[len(prefix) :]
    return None if {".", ".."} & set(unquote(rest).split("/")) else rest


def _origin(split: SplitResult) -> tuple[str, str | None, int | None]:
    return split.scheme, split.hostname, split.port or _PORTS.get(split.scheme)


def _consumed_pattern(request: Request) -> tuple[str | Argument, ...] | None:
    """The path behind the base URI as a route's pattern; nothing when more than arguments decide it."""
    base = request.upstream.base_uri.rstrip("/")
    pattern: list[str | Argument] = []
    for piece in request.path:
        match piece:
            case str():
                literal = unquote(piece)
            case Constant(value):
                literal = as_text(value)
            case Argument():
                pattern.append(piece)
                continue
            case _:
                return None
        if "?" in literal:
            return None
        pattern.append(literal)
    if not pattern or not isinstance(pattern[0], str) or not pattern[0].startswith(base):
        return None
    return (pattern[0].removeprefix(base), *pattern[1:])


def _names(pattern: tuple[str | Argument, ...]) -> set[str]:
    return {piece.name for piece in pattern if isinstance(piece, Argument)}
