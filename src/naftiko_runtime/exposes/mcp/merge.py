"""MCP servers that share a port, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from msgspec.structs import replace

from naftiko_runtime._version import __version__
from naftiko_runtime.bind_plan import BoundServer
from naftiko_runtime.plan import Caching

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.plan import DynamicResource, McpServer, Tool


class _Keyed(Protocol):
    @property
    def key(self) -> tuple[str, str]: ...


K = TypeVar("K", bound=_Keyed)

PROGRAM: Final = "naftiko-runtime"
"""The name of several servers as one."""


def merge(
    servers: Sequence[BoundServer[McpServer, Tool | DynamicResource]],
) -> BoundServer[McpServer, Tool | DynamicResource]:
    """Merge servers. The first of two tools, resources or prompts with one name counts."""
    first = servers[0].server
    if len(servers) == 1:
        return servers[0]
    planned = [bound.server for bound in servers]
    operations = {part.key: (part, operation) for bound in reversed(servers) for part, operation in bound.parts}
    server = replace(
        first,
        namespace="+".join(server.namespace for server in planned),
        name=PROGRAM,
        title=", ".join(dict.fromkeys(server.title for server in planned)),
        instructions="\n\n".join(server.instructions for server in planned if server.instructions) or None,
        tools=_keep_first(tool for server in planned for tool in server.tools),
        resources=_keep_first(one for server in planned for one in server.resources),
        prompts=_keep_first(prompt for server in planned for prompt in server.prompts),
        skills=_keep_first(skill for server in planned for skill in server.skills),
        version=first.version if len({server.version for server in planned}) == 1 else __version__,
        caching=_merge_caching([server.caching for server in planned]),
    )
    served = {part.key for part in server.all_parts}
    broken = tuple(one for other in planned for one in other.broken if one.key not in served)
    return BoundServer(replace(server, broken=broken), tuple(operations[part.key] for part in server.parts))


def _keep_first(parts: Iterable[K]) -> tuple[K, ...]:
    """Return the parts without those that have the key of an earlier one."""
    found: dict[tuple[str, str], K] = {}
    for part in parts:
        found.setdefault(part.key, part)
    return tuple(found.values())


def _merge_caching(found: Sequence[Caching]) -> Caching:
    """Return what clients may do with the results of all servers."""
    return Caching(
        min(one.list_ttl_ms for one in found),
        min(one.read_ttl_ms for one in found),
        "public" if all(one.scope == "public" for one in found) else "private",
    )
