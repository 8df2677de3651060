"""Servers of skills that share a port, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import SkillServer


def merge(servers: Sequence[SkillServer]) -> SkillServer:
    """Merge servers. The first of two skills with one name counts."""
    if len(servers) == 1:
        return servers[0]
    skills = {skill.key: skill for server in reversed(servers) for skill in server.skills}
    return replace(
        servers[0],
        namespace="+".join(server.namespace for server in servers),
        skills=tuple(dict.fromkeys(skills[skill.key] for server in servers for skill in server.skills)),
        broken=tuple(one for server in servers for one in server.broken if one.key not in skills),
    )
