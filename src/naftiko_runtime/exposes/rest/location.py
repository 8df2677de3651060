"""URLs in response headers: an upstream names its resources by its own URLs, callers know them by ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, unquote_plus, urljoin, urlsplit

from msgspec import Struct

from naftiko_runtime.engine.answer import URL_HEADERS
from naftiko_runtime.engine.caller_query import drop_fields
from naftiko_runtime.exposes.rest.dispatch import Dispatcher
from naftiko_runtime.plan import Argument, Composed, Constant
from naftiko_runtime.template import IN_PATH, as_text

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from naftiko_runtime.engine.operation import BoundOperation
    from naftiko_runtime.plan import Forward, Operation, Request, RestServer, Route, Upstream
    from naftiko_runtime.transport.base import Header

_LINK: Final = re.compile(
    r"<(?P<target>[^<>]*)>"
    r'|(?<![\w*-])(?P<anchor>anchor\s*=\s*)"(?P<context>[^"\\]*)"'
    r'|"(?:[^"\\]|\\.)*(?:"|\\?$)',
    re.IGNORECASE,
)
"""What matters of a ``Link`` header (RFC 8288): targets, anchors, and quoted texts, in which there are none."""

_PORTS: Final = {"http": 80, "https": 443}


class Asked(Struct):
    """A request to an upstream, and the one that it was made for.

    Attributes:
        operation: What was called.
        url: The URL that was sent, which a relative one is relative to.
        own_path: The caller's path, where it alone leads to the same resource by GET.
    """

    operation: BoundOperation
    url: str
    own_path: str | None


class Locations:
    """Where a server exposes what its upstreams call by URLs below their base URIs."""

    def __init__(self, server: RestServer) -> None:
        self._routes: dict[str, Dispatcher[Route]] = {}
        for route in server.routes:
            pattern = _consumed_pattern(route.operation.request) if route.method == "GET" else None
            if pattern is not None and _names(route.pattern) == _names(pattern):
                namespace = route.operation.request.upstream.namespace
                self._routes.setdefault(namespace, Dispatcher()).add("GET", pattern, route)
        self._forwards: dict[str, Forward] = {}
        for forward in server.forwards:
            if not _names(forward.pattern):
                self._forwards.setdefault(forward.operation.request.upstream.namespace, forward)

    def rewritten(self, headers: list[Header], asked: Asked) -> list[Header]:
        """Response headers with a ``Location``, ``Content-Location`` and ``Link`` that the caller can follow.

        A URL below the base URI becomes the path that exposes it; where nothing does, it is made absolute, so that it
        keeps its meaning. Any other stays as it is. The API's own key is left out of the query: we add it ourselves.

        Args:
            headers: Of the upstream's answer.
            asked: What it answers.
        """
        return [
            (name, self._value(name, value.decode("latin-1"), asked).encode("latin-1"))
            if name in URL_HEADERS
            else (name, value)
            for name, value in headers
        ]

    def _value(self, name: bytes, value: str, asked: Asked) -> str:
        if name != b"link":
            return self._target(value, asked)

        def replaced(match: re.Match[str]) -> str:
            if (target := match["target"]) is not None:
                return f"<{self._target(target.strip(), asked)}>"
            if match["anchor"] is not None:
                return f'{match["anchor"]}"{self._target(match["context"], asked)}"'
            return match[0]

        return _LINK.sub(replaced, value)

    def _target(self, target: str, asked: Asked) -> str:
        if not target or target.startswith("#"):  # what the caller asked for, or a part of it
            return target
        upstream, sent = asked.operation.plan.request.upstream, asked.url.partition("?")[0]
        try:
            split = urlsplit(urljoin(sent, target))
            rest = _below(split, upstream)
        except ValueError:  # no URL: whoever follows it will see
            return target
        if rest is None:
            return target
        if secret := asked.operation.builder.secret_fields:
            split = split._replace(query=drop_fields(split.query.encode("latin-1"), secret).decode("latin-1"))
        exposed: tuple[str, Operation | None] | None
        if asked.own_path is not None and rest == _below(urlsplit(sent), upstream):
            exposed = asked.own_path, asked.operation.plan
        else:
            exposed = self._exposed(rest, asked.operation.plan.request)
        if exposed is None:
            return split.geturl()
        path, plan = exposed
        query = split.query if plan is None else _renamed(split.query, plan)
        return split._replace(scheme="", netloc="", path="/" + path.lstrip("/"), query=query).geturl()

    def _exposed(self, rest: str, request: Request) -> tuple[str, Operation | None] | None:
        """What is exposed for the rest of an upstream's path, by which route; a forward's caller stays inside it."""
        namespace = request.upstream.namespace
        forward, dispatcher = self._forwards.get(namespace), self._routes.get(namespace)
        if dispatcher is not None and not request.forwards:
            for resource, values in dispatcher.matches(rest.encode()):
                if (route := resource.target("GET")) is not None:
                    pieces = (
                        quote(p, safe=IN_PATH) if isinstance(p, str) else quote(values[p.name], safe="")
                        for p in route.pattern
                    )
                    return "".join(pieces), route.operation
        return None if forward is None else ("".join(map(str, forward.pattern)) + rest, None)


def names_all(pattern: tuple[str | Argument, ...], request: Request) -> bool:
    """Whether the path of a route names everything that the path of its request needs."""
    return _names(tuple(p for p in request.path if isinstance(p, str | Argument))) <= _names(pattern) and not any(
        isinstance(piece, Composed) for piece in request.path
    )


def _renamed(query: str, plan: Operation) -> str:
    """A query with the names by which callers of an operation give its fields."""
    places = {spec.name: spec.place for spec in plan.contract.inputs}
    terms = ((t.name, t.term.name) for t in plan.request.query if isinstance(t.term, Argument))
    names = {name: given for name, given in terms if name != given and places.get(given) == "query"}
    if not names or not query:
        return query
    fields = (field.partition("=") for field in query.split("&"))
    return "&".join(
        (name if (given := names.get(unquote_plus(name))) is None else quote(given, safe="")) + equals + value
        for name, equals, value in fields
    )


def relative_to_base(target: str, operation: BoundOperation, url: str) -> str:
    """A URL of an upstream as the path and query behind its base URI; as it is where it is not below that.

    The API's own key is left out of the query.

    Args:
        target: As the upstream wrote it.
        operation: What was called.
        url: The URL that was sent, which a relative one is relative to.
    """
    try:
        split = urlsplit(urljoin(url, target))
        rest = _below(split, operation.plan.request.upstream)
    except ValueError:
        return target
    if rest is None:
        return target
    if secret := operation.builder.secret_fields:
        split = split._replace(query=drop_fields(split.query.encode("latin-1"), secret).decode("latin-1"))
    return split._replace(scheme="", netloc="", path=rest or "/").geturl()


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
