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
    planned = [bound.server for bound in servers]
    server = replace(
        planned[0],
        namespace="+".join(server.namespace for server in planned),
        routes=tuple(route for server in planned for route in server.routes),
        broken=tuple(broken for server in planned for broken in server.broken),
        forwards=tuple(forward for server in planned for forward in server.forwards),
    )
    return BoundServer(server, tuple(pair for bound in servers for pair in bound.parts))
