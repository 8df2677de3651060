"""Exposes on one port, of one document or of several: they are served as one where nothing clashes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from naftiko_runtime import rules
from naftiko_runtime.rules import helps, nouns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.plan import ServedPart, Server
    from naftiko_runtime.rules import Help

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
            if _overlap(first, server) and not _can_share(first, server, findings, place_of):
                break  # one report is enough: nothing of it can be served there


def _overlap(one: Server, other: Server) -> bool:
    """Whether two servers want the same port; one that listens on all addresses wants it on each."""
    same_address = one.address == other.address or bool({one.address, other.address} & _ALL_ADDRESSES)
    return one.port == other.port != 0 and same_address


def _can_share(first: Server, server: Server, findings: Findings, place_of: Place) -> bool:
    """Report why two servers that meet cannot share their port; when they can, report what both of them serve."""
    is_same_name = first.namespace == server.namespace
    if (why := _find_difference(first, server)) is not None:
        statement = rules.PORT(first=first.namespace, second=server.namespace, port=server.port)
        move = nouns.MOVE_IN_FILE if is_same_name else nouns.MOVE_ONE
        advice = why(move=move(namespace=server.namespace))
        findings.report(statement, server.span, advice, part=place_of(server), related=first.span)
        return False
    if is_same_name:
        statement = rules.DUPLICATE_NAMESPACE_ON_PORT(namespace=server.namespace, port=server.port)
        findings.report(statement, server.span, part=place_of(server), related=first.span)
        return False
    for known, part in _pair_parts(first, server):
        statement = known.describe_duplicate(first.namespace, server.namespace, server.port)
        findings.report(statement, server.span, part=place_of(part), related=first.span)
    return True


def _find_difference(first: Server, server: Server) -> Help | None:
    """Why two servers that meet cannot share their port; nothing when they can."""
    if type(first) is not type(server):
        return helps.ONE_TYPE_ON_PORT
    if first.address != server.address:
        return helps.ONE_ADDRESS_ON_PORT
    if first.guard is not None or server.guard is not None:
        return helps.GUARDED_PORT
    return None


def _pair_parts(first: Server, server: Server) -> Iterable[tuple[ServedPart, ServedPart]]:
    """What both servers have: that of the first one, and that of the second one."""
    known = {part.key: part for part in first.parts}
    pairs = [(known[part.key], part) for part in server.parts if part.key in known]
    return sorted(pairs, key=lambda pair: pair[0].label)
