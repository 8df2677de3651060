"""Describes an MCP server in the log line or table at startup."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

from naftiko_runtime.exposes.describe_target import describe_target
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.plan import DynamicResource

if TYPE_CHECKING:
    import json

    from naftiko_runtime.plan import McpServer, ResourceFolder
else:
    json = import_lazily("json")


def get_url_path(server: McpServer, *, shared: bool) -> str:
    """Return the path of a server. On a shared port, ``/mcp`` serves the tools of all servers."""
    return f"/{quote(server.namespace)}/mcp" if shared else "/mcp"


def find_routes(_server: McpServer) -> None:
    """Return None: OpenAPI cannot describe tools."""


def list_entries(server: McpServer) -> list[tuple[str, str]]:
    """Return the tools, resources, prompts and skills of a server, each with its target."""
    tools = [(tool.name, describe_target(tool.operation)) for tool in server.tools]
    resources = [(one.uri, _describe_source(one)) for one in server.resources]
    prompts = [(prompt.name, "a prompt") for prompt in server.prompts]
    return [*tools, *resources, *prompts, *((skill.uri, "a skill") for skill in server.skills)]


def _describe_source(one: DynamicResource | ResourceFolder) -> str:
    """Return where a resource comes from."""
    if isinstance(one, DynamicResource):
        return describe_target(one.operation)
    count = len(one.files)
    return f"a folder  ({count} file{'' if count == 1 else 's'})"


def make_example_command(server: McpServer, url: str) -> str | None:
    """Return a command that calls the first tool. None if there is no tool, or no URL."""
    if not server.tools or server.transport == "stdio":
        return None
    tool = server.tools[0]
    samples = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    arguments = {s.name: samples.get(s.type or "", "1") for s in tool.operation.contract.inputs if s.required}
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool.name, "arguments": arguments},
    }
    headers = "-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'"
    return f"curl -s {url} {headers} -d {shlex.quote(json.dumps(message))}"
