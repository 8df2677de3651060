"""Drops servers of several documents that conflict with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.link.check_shared_ports import check_ports
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.plan import Plan, Server


class Kept(Struct, frozen=True):
    """The part of a plan that does not conflict with the plans before it.

    Attributes:
        plan: The plan without conflicts; None if nothing is left.
        left_out: The rest.
    """

    plan: Plan | None
    left_out: tuple[LeftOut, ...]


def drop_conflicts(plans: Iterable[Plan]) -> list[Kept]:
    """Drop ports, routes and tools that plans before them have already."""
    earlier: list[Server] = []
    return [_drop_conflicting_servers(earlier, plan) for plan in plans]


def _drop_conflicting_servers(earlier: list[Server], plan: Plan) -> Kept:
    """Drop the servers of a plan that conflict with others; add the rest to these."""
    servers: list[Server] = []
    left_out: list[LeftOut] = []
    for server in plan.servers:
        kept = _keep_shareable(earlier, server, left_out)
        if kept is not None:
            earlier.append(kept)
            servers.append(kept)
    return Kept(replace(plan, servers=tuple(servers)) if servers else None, tuple(left_out))


def _keep_shareable(earlier: Sequence[Server], server: Server, left_out: list[LeftOut]) -> Server | None:
    """Drop the parts of a server that others serve already; None if it cannot have the port."""
    findings = Findings()
    check_ports([*earlier, server], findings, lambda number, part: (number, -1 if part is None else part))
    places = {found.part: found for found in findings.list_sorted(None)}
    if (clash := places.get((len(earlier), -1))) is not None:
        left_out.append(LeftOut(nouns.EXPOSE(namespace=server.namespace), clash, server.namespace))
        return None
    twice = {i: found for i in range(len(server.all_parts)) if (found := places.get((len(earlier), i))) is not None}
    for index, found in twice.items():
        part = nouns.PART_OF_EXPOSE(part=server.all_parts[index].label, namespace=server.namespace)
        left_out.append(LeftOut(part, found))
    return server.remove_parts(twice) if twice else server
