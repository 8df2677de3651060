"""Checks exposes that share a port, of one document or several: they are served as one if nothing conflicts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from naftiko_runtime import rules
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.plan import AnyPart, Server
    from naftiko_runtime.rules import Help

T = TypeVar("T")
_PORT_MAX: Final = 65535
_ALL_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1"})


class PortKey(NamedTuple):
    """The common properties of servers that share a port.

    Attributes:
        kind: The type of the servers.
        address: Their address.
        port: Their port; 0 for a free one.
        free: The namespace of a server on a free port; empty for others.
        number: Tells servers on free ports apart that have the same namespace.
    """

    kind: type[Server]
    address: str
    port: int
    free: str
    number: int


def group_by_port(items: Iterable[T], server_of: Callable[[T], Server]) -> dict[PortKey, list[T]]:
    """Group servers that share a port. A server on a free port has a group of its own.

    The key of a group does not depend on the order of servers.

    Args:
        items: Servers, or objects that have one.
        server_of: Returns the server of an item.
    """
    groups: dict[PortKey, list[T]] = {}
    for item in items:
        server = server_of(item)
        key = PortKey(type(server), server.address, server.port, "" if server.port else server.namespace, 0)
        while not server.port and key in groups:
            key = key._replace(number=key.number + 1)
        groups.setdefault(key, []).append(item)
    return groups


FindPlace: TypeAlias = "Callable[[int, int | None], tuple[str | int, ...] | None]"
"""From the index of a server, and that of one of its parts or None for the server itself, to a place in findings."""


def check_ports(
    servers: Sequence[Server], findings: Findings, place_of: FindPlace = lambda _server, _part: None
) -> None:
    """Report invalid ports, and servers that want the same port and cannot share it.

    Args:
        servers: The servers that run together.
        findings: Gets the reports.
        place_of: Returns the part of the document that a finding is about.
    """
    for number, server in enumerate(servers):
        if not 0 <= server.port <= _PORT_MAX:
            statement = rules.PORT_RANGE(port=server.port, most=_PORT_MAX)
            findings.report(statement, server.span, part=place_of(number, None))
        for first in servers[:number]:
            if _overlap(first, server) and not _can_share(first, server, findings, partial(place_of, number)):
                break  # one finding is enough: nothing of it can be served there


def _overlap(one: Server, other: Server) -> bool:
    """Return whether two servers want the same port. One on all addresses wants it on each."""
    addresses = {one.address, other.address}
    same_address = len(addresses) == 1 or addresses == _THIS_MACHINE or bool(addresses & _ALL_ADDRESSES)
    return one.port == other.port != 0 and same_address


def _can_share(
    first: Server, server: Server, findings: Findings, place_of: Callable[[int | None], tuple[str | int, ...] | None]
) -> bool:
    """Report why two servers cannot share their port; if they can, report the parts that both serve."""
    is_same_name = first.namespace == server.namespace
    if (why := _find_difference(first, server)) is not None:
        statement = rules.PORT(first=first.namespace, second=server.namespace, port=server.port)
        move = helps.MOVE_IN_FILE if is_same_name else helps.MOVE_ONE
        advice = why(move=move(namespace=server.namespace))
        findings.report(statement, server.span, advice, part=place_of(None), related=first.span)
        return False
    if is_same_name:
        statement = rules.DUPLICATE_NAMESPACE_ON_PORT(namespace=server.namespace, port=server.port)
        findings.report(statement, server.span, part=place_of(None), related=first.span)
        return False
    for known, index in _pair_parts(first, server):
        statement = known.describe_duplicate(first.namespace, server.namespace, server.port)
        findings.report(statement, server.span, part=place_of(index), related=first.span)
    return True


def _find_difference(first: Server, server: Server) -> Help | None:
    """Return why two servers cannot share their port, or None."""
    if type(first) is not type(server):
        return helps.ONE_TYPE_ON_PORT
    if first.guard is not None or server.guard is not None:
        return helps.GUARDED_PORT
    if first.address != server.address:
        return helps.ONE_ADDRESS_ON_PORT
    return None


def _pair_parts(first: Server, server: Server) -> Iterable[tuple[AnyPart, int]]:
    """Return the parts of the first server that the other has too, each with the index of the other's."""
    known = {part.key: part for part in first.all_parts}
    pairs = [(known[part.key], index) for index, part in enumerate(server.all_parts) if part.key in known]
    return sorted(pairs, key=lambda pair: pair[0].key)
