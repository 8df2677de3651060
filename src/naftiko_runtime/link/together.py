"""Exposes on one port, of one document or of several: they are served as one where nothing clashes."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

from naftiko_runtime import rules
from naftiko_runtime.plan import McpServer, RestServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.plan import Argument, Forward, Route, Server, Tool

_PORT_MAX: Final = 65535
_ALL_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})


def grouped(servers: Sequence[Server]) -> list[list[int]]:
    """The indices of servers that listen together, in order; a server that wants any free port listens alone."""
    groups: dict[object, list[int]] = {}
    for index, server in enumerate(servers):
        place = (type(server), server.address, server.port) if server.port else index
        groups.setdefault(place, []).append(index)
    return list(groups.values())


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
            message = f"with the offset the port would be {server.port}"
            advice = f"choose an offset that leaves it between 1 and {_PORT_MAX}"
            findings.add(rules.PORT, message, server.span, advice, place_of(server))
        for first in servers[:number]:
            if _meet(first, server):
                _check_pair(first, server, findings, place_of)


def _meet(one: Server, other: Server) -> bool:
    """Whether two servers want the same port; one that listens on all addresses wants it on each."""
    same_address = one.address == other.address or bool({one.address, other.address} & _ALL_ADDRESSES)
    return one.port == other.port != 0 and same_address


def _check_pair(first: Server, server: Server, findings: Findings, place_of: Place) -> None:
    if (why := _unshared(first, server)) is not None:
        message = f"'{first.namespace}' and '{server.namespace}' both listen on port {server.port}"
        advice = f"{why}; change one, or start with --port {server.namespace}=N"
        findings.add(rules.PORT, message, server.span, advice, place_of(server))
        return
    if first.namespace == server.namespace:
        message = f"the namespace '{server.namespace}' is exposed twice on port {server.port}"
        advice = f"rename one; the first is at {first.span}"
        findings.add(rules.DUPLICATE_NAMESPACE, message, server.span, advice, place_of(server))
    for name, part in _both(first, server):
        rule = rules.DUPLICATE_ROUTE if isinstance(server, RestServer) else rules.DUPLICATE_NAME
        message = f"{name} is exposed by '{first.namespace}' and '{server.namespace}', which share port {server.port}"
        advice = f"change one, or start with --port {server.namespace}=N"
        findings.add(rule, message, server.span, advice, place_of(part))


def _unshared(first: Server, server: Server) -> str | None:
    """Why two servers that meet cannot share their port; nothing when they can."""
    if type(first) is not type(server):
        return "only exposes of one type can share a port"
    if first.address != server.address:
        return "only exposes of one address can share a port"
    if first.guard is not None or server.guard is not None:
        return "an expose with authentication has its port alone"
    return None


def _both(first: Server, server: Server) -> Iterable[tuple[str, object]]:
    """The routes or tools of the second server that the first one has, too: how they are told there, and themselves."""
    known = {key: name for key, name, _ in answered(first)}
    return sorted(((known[key], part) for key, _, part in answered(server) if key in known), key=itemgetter(0))


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
