"""Gives the skills of a document to its MCP servers with the same authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.exposes.kinds import list_mcp_servers, list_skill_servers

if TYPE_CHECKING:
    from naftiko_runtime.link.linked_document import Linked
    from naftiko_runtime.plan import McpServer, Plan, Server


def share_skills(plan: Plan) -> Plan:
    """Return the plan, in which MCP servers have the skills of servers with the same authentication."""
    offering = list_skill_servers(plan.servers)
    if not offering:
        return plan
    shared: dict[int, Server] = {}
    for server in list_mcp_servers(plan.servers):
        skills = tuple(skill for one in offering if _is_shared(one, server) for skill in one.skills)
        shared[id(server)] = replace(server, skills=skills)
    return replace(plan, servers=tuple(shared.get(id(server), server) for server in plan.servers))


def report_unshared_skills(linked: Linked) -> None:
    """Report the MCP servers whose clients do not get the skills of a document."""
    servers = [server for _, server in linked.exposes if server is not None]
    offering, getting = list_skill_servers(servers), list_mcp_servers(servers)
    for expose, server in linked.exposes if offering and getting else ():
        if server in offering:
            for other in getting:
                if not _is_shared(server, other):
                    statement = rules.UNSHARED_SKILLS(server=other.namespace)
                    linked.context.report(statement, expose.get_path("type"), related=other.span)


def _is_shared(offering: Server, getting: McpServer) -> bool:
    return offering.guard == getting.guard
