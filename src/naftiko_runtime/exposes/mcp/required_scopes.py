"""The scopes that single tools, resources and prompts of an MCP expose need. Uses nothing of the MCP SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.exposes.mcp.uri_template import CompiledUriTemplate
from naftiko_runtime.limits import RESOURCE_URI_CHARACTERS_MAX
from naftiko_runtime.plan import DynamicResource, ResourceFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.asgi_types import Scope
    from naftiko_runtime.authentication.guard import Guard, Refusal
    from naftiko_runtime.plan import McpServer


class RequiredScopes:
    """Refuses messages of callers whose token has too few scopes, before anything of a response is sent.

    Clients look for a 403 with a challenge, not for an error of JSON-RPC.
    """

    def __init__(self, server: McpServer, guard: Guard | None) -> None:
        """Keep what needs scopes.

        Args:
            server: The expose.
            guard: Its guard. Over standard input there is none: who starts the process may do all.
        """
        self._guard = guard if server.transport == "http" else None
        parts = (*server.tools, *server.resources, *server.prompts)
        self._has_any = self._guard is not None and any(part.required_scopes for part in parts)
        self._tools = {tool.name: tool.required_scopes for tool in server.tools}
        self._prompts = {prompt.name: prompt.required_scopes for prompt in server.prompts}
        self._uris: dict[str, tuple[str, ...]] = {}
        self._templates: list[tuple[CompiledUriTemplate, tuple[str, ...]]] = []
        for resource in server.resources:
            self._add_resource(resource)

    def _add_resource(self, resource: DynamicResource | ResourceFolder) -> None:
        """Add a resource. The first of equal URIs counts, as where they are read."""
        scopes = resource.required_scopes
        if isinstance(resource, ResourceFolder):
            self._uris |= {file.uri: scopes for file in resource.files if file.uri not in self._uris}
        elif resource.is_template:
            self._templates.append((CompiledUriTemplate(resource.pattern), scopes))
        else:
            self._uris.setdefault(resource.uri, scopes)

    def find_refusal(self, message: Mapping[str, Any], scope: Scope) -> Refusal | None:
        """Return why a caller may not send a message: its token has too few scopes. None if it may."""
        if not self._has_any or self._guard is None:
            return None
        params = message.get("params")
        needed = self._find_needed(message.get("method"), params) if isinstance(params, dict) else ()
        return self._guard.check_scopes(scope, needed) if needed else None

    def _find_needed(self, method: Any, params: dict[str, Any]) -> tuple[str, ...]:
        match method, params:
            case "tools/call", {"name": str(name)}:
                return self._tools.get(name, ())
            case "prompts/get", {"name": str(name)}:
                return self._prompts.get(name, ())
            case "resources/read", {"uri": str(uri)}:
                return self._find_needed_for(uri)
            case _:
                return ()

    def _find_needed_for(self, uri: str) -> tuple[str, ...]:
        if (needed := self._uris.get(uri)) is not None:
            return needed
        if len(uri) > RESOURCE_URI_CHARACTERS_MAX:
            return ()
        return next((needed for compiled, needed in self._templates if compiled.match(uri) is not None), ())
