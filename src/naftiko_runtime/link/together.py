"""Exposes on one port, of one document or of several: they are served as one where nothing clashes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar, assert_never

from naftiko_runtime import rules
from naftiko_runtime.plan import Forward, McpServer, Route, Tool
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.plan import Argument, Server
    from naftiko_runtime.rules import Help, Statement

T = TypeVar("T")
_PORT_MAX: Final = 65535
_ALL_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})


class PortKey(NamedTuple):
    """What servers have in common that listen together.

    Attributes:
        kind: The type of the servers.
        address: Where they listen.
        port: Which port; 0 for a free one.
        number: Which one of those that want a free port, from 1; 0 for the others.
    """

    kind: type[Server]
    address: str
    port: int
    number: int


def group_by_port(items: Iterable[T], server_of: Callable[[T], Server]) -> dict[PortKey, list[T]]:
    """Group what listens together, in order; a server that wants a free port listens alone.

    Args:
        items: Servers, or what has one.
        server_of: Returns the server of an item.
    """
    groups: dict[PortKey, list[T]] = {}
    free_ports = count(1)
    for item in items:
        server = server_of(item)
        number = 0 if server.port else next(free_ports)
        groups.setdefault(PortKey(type(server), server.address, server.port, number), []).append(item)
    return groups


Place: TypeAlias = "Callable[[object], tuple[str | int, ...] | None]"
"""From a server, a route, a forward or a tool to what names its part in findings."""


def check_ports(servers: Sequence[Server], findings: Findings, place_of: Place = lambda _: None) -> None:
    """Report ports that there are none of, and servers that can neither have a port alone nor share it.

    Args:
        servers: Those that are to run together.
        findings: Gets the reports.
        place_of: Names the parts that they concern.
    """
    for number, server in enumerate(servers):
        if not 0 <= server.port <= _PORT_MAX:
            statement = rules.PORT_RANGE(port=server.port, most=_PORT_MAX)
            findings.report(statement, server.span, part=place_of(server))
        for first in servers[:number]:
            if _meet(first, server):
                _check_pair(first, server, findings, place_of)


def _meet(one: Server, other: Server) -> bool:
    """Whether two servers want the same port; one that listens on all addresses wants it on each."""
    same_address = one.address == other.address or bool({one.address, other.address} & _ALL_ADDRESSES)
    return one.port == other.port != 0 and same_address


def _check_pair(first: Server, server: Server, findings: Findings, place_of: Place) -> None:
    if (why := _unshared(first, server)) is not None:
        statement = rules.PORT(first=first.namespace, second=server.namespace, port=server.port)
        findings.report(statement, server.span, why(namespace=server.namespace), part=place_of(server))
        return
    if first.namespace == server.namespace:
        statement = rules.DUPLICATE_NAMESPACE_ON_PORT(namespace=server.namespace, port=server.port)
        findings.report(statement, server.span, part=place_of(server), related=first.span)
    for known, part in _both(first, server):
        findings.report(_exposed_twice(known, first, server), server.span, part=place_of(part))


def _exposed_twice(part: Route | Forward | Tool, first: Server, server: Server) -> Statement:
    """That a part of a server is also one of the server that it shares a port with."""
    one, other, port = first.namespace, server.namespace, server.port
    match part:
        case Tool(name):
            return rules.DUPLICATE_NAME_ON_PORT(name=name, first=one, second=other, port=port)
        case Route(method, path):
            return rules.DUPLICATE_ROUTE_ON_PORT(method=method, path=path, first=one, second=other, port=port)
        case Forward(path):
            return rules.DUPLICATE_ROUTE_FORWARD_ON_PORT(path=path, first=one, second=other, port=port)
        case _:
            assert_never(part)


def _unshared(first: Server, server: Server) -> Help | None:
    """Why two servers that meet cannot share their port; nothing when they can."""
    if type(first) is not type(server):
        return helps.ONE_TYPE_ON_PORT
    if first.address != server.address:
        return helps.ONE_ADDRESS_ON_PORT
    if first.guard is not None or server.guard is not None:
        return helps.GUARDED_PORT
    return None


def _both(first: Server, server: Server) -> Iterable[tuple[Route | Forward | Tool, object]]:
    """The routes or tools that both servers have: those of the first one, and those of the second one."""
    known = {key: (name, part) for key, name, part in answered(first)}
    pairs = [(known[key], part) for key, _, part in answered(server) if key in known]
    return ((first_part, part) for (_, first_part), part in sorted(pairs, key=lambda pair: pair[0][0]))


def answered(server: Server) -> Iterator[tuple[object, str, Route | Forward | Tool]]:
    """What a server answers to: how it is compared, how it is told, and itself."""
    if isinstance(server, McpServer):
        yield from ((tool.name, f"the tool '{tool.name}'", tool) for tool in server.tools)
        return
    for route in server.routes:
        yield (route.method, shape_of(route.pattern)), f"{route.method} {route.path}", route
    for forward in server.forwards:
        yield ("*", shape_of(forward.pattern)), f"what is forwarded at {forward.path}", forward


def shape_of(pattern: Sequence[str | Argument]) -> str:
    """A route's path without the names of its placeholders, which make no difference to who answers."""
    return "".join(piece if isinstance(piece, str) else "{}" for piece in pattern)
