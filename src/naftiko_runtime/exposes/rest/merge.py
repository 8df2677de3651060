"""REST servers that share a port, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.bind_plan import BoundServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import ForwardRoute, RestServer, Route


def merge(
    servers: Sequence[BoundServer[RestServer, Route | ForwardRoute]],
) -> BoundServer[RestServer, Route | ForwardRoute]:
    """Merge servers. The first of two equal routes counts."""
    if len(servers) == 1:
        return servers[0]
    plans = [server.plan for server in servers]
    plan = replace(
        plans[0],
        namespace="+".join(plan.namespace for plan in plans),
        routes=tuple(route for plan in plans for route in plan.routes),
        broken=tuple(broken for plan in plans for broken in plan.broken),
        forwards=tuple(forward for plan in plans for forward in plan.forwards),
    )
    return BoundServer(plan, tuple(pair for server in servers for pair in server.parts))
