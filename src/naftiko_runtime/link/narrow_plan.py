"""A plan of which only some servers are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.plan import STDIO_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Plan, Server


def keep_servers(plan: Plan, servers: Sequence[Server]) -> Plan:
    """Return a plan with these servers only. Variables that only the others use need no value."""
    kept = replace(plan, servers=tuple(servers))
    dropped = _find_served_variables(plan) - _find_served_variables(kept)
    bindings = (replace(one, uses=()) if one.name in dropped else one for one in plan.bindings)
    return replace(kept, bindings=tuple(bindings))


def keep_stdio_server(plan: Plan, server: Server) -> Plan:
    """Return a plan with one server only, as it is served over standard input and output."""
    return keep_servers(plan, [move_to_stdio(server)])


def move_to_stdio(server: Server) -> Server:
    """Return a server as it is served over standard input and output: its caller has started it, and needs no proof."""
    return replace(server, address=STDIO_ADDRESS, port=0, guard=None)


def _find_served_variables(plan: Plan) -> set[str]:
    return set(find_variables((plan.servers, plan.called_upstreams)))
