"""Finds which lists of MCP servers differ for their clients between two sets of plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.list_subscriptions import LISTS
from naftiko_runtime.exposes.mcp.prompts import PromptServer
from naftiko_runtime.exposes.mcp.resources import ResourceServer
from naftiko_runtime.exposes.mcp.skills import SkillContents
from naftiko_runtime.exposes.mcp.tools import describe_tool, make_input_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.plan import McpServer


def get_topic(server: McpServer, *, alone: bool = True) -> str:
    """Return the name of an endpoint, which stays the same when a document is loaded again.

    Args:
        server: The server, or any one of those that share its port.
        alone: Whether the endpoint serves only this server.
    """
    own = alone or not server.port
    return make_topic(server.address, server.port, server.namespace if own else "")


def make_topic(address: str, port: int, namespace: str) -> str:
    """Return the name of an endpoint; the namespace is empty where it serves all exposes of a port."""
    return f"{address} {port} {namespace}"


def find_changed_lists(before: Iterable[McpServer], after: Iterable[McpServer]) -> dict[str, frozenset[str]]:
    """Return the lists that differ, by the topic of their endpoint."""
    old, new = _describe_endpoints(before), _describe_endpoints(after)
    changed = {
        topic: frozenset(name for name in LISTS if old.get(topic, {}).get(name) != new.get(topic, {}).get(name))
        for topic in old.keys() | new.keys()
    }
    return {topic: lists for topic, lists in changed.items() if lists}


def _describe_endpoints(servers: Iterable[McpServer]) -> dict[str, dict[str, Any]]:
    """Return the entries of each list, by endpoint."""
    found: dict[str, dict[str, list[Any]]] = {}
    for server in servers:
        resources = ResourceServer(server, (), CallerPolicy())
        lists = {
            "tools": [describe_tool(tool, make_input_schema(tool)) for tool in server.tools],
            "prompts": PromptServer(server).entries,
            "resources": [*resources.entries, *resources.templates, *SkillContents(server.skills).entries.values()],
        }
        for topic in {get_topic(server), get_topic(server, alone=False)}:
            for name, entries in lists.items():
                found.setdefault(topic, {}).setdefault(name, []).extend(entries)
    return found
