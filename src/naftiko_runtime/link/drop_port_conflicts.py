"""Drops servers of several documents that conflict with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.link.check_shared_ports import check_ports

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.diagnostic import Diagnostic
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
    taken: list[Server] = []
    return [_drop_conflicting_servers(taken, plan) for plan in plans]


def _drop_conflicting_servers(taken: list[Server], plan: Plan) -> Kept:
    """Drop the servers of a plan that conflict with others; add the rest to these."""
    servers: list[Server] = []
    left_out: list[LeftOut] = []
    for server in plan.servers:
        kept = _keep_shareable(taken, server, left_out)
        if kept is not None:
            taken.append(kept)
            servers.append(kept)
    return Kept(replace(plan, servers=tuple(servers)) if servers else None, tuple(left_out))


def _keep_shareable(taken: Sequence[Server], server: Server, left_out: list[LeftOut]) -> Server | None:
    """Drop the parts of a server that others serve already; None if it cannot have the port."""
    served = {id(part): part.label for part in server.parts}
    findings = Findings()
    check_ports([*taken, server], findings, lambda part: (id(part),))
    mine: dict[int, Diagnostic] = {int(d.part[0]): d for d in findings.list_sorted(None) if d.part}
    if (clash := mine.get(id(server))) is not None:
        left_out.append(LeftOut(f"the expose '{server.namespace}'", clash.located_message, server.namespace))
        return None
    twice = {part: found for part, found in mine.items() if part in served}
    if not twice:
        return server
    left_out += [LeftOut(f"{served[part]} of '{server.namespace}'", d.located_message) for part, d in twice.items()]
    return server.remove_parts(set(twice))
