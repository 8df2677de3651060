"""Removes the broken tools, resources and prompts of an MCP expose."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.plan import BrokenPrompt, BrokenResource, BrokenTool, DynamicResource, Prompt, ResourceFolder, Tool
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Reason
    from naftiko_runtime.document.exposes import McpExpose, McpResource, McpTool
    from naftiko_runtime.document.prompts import McpPrompt
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.plan import McpServer
    from naftiko_runtime.rules import NounPhrase

Broken: TypeAlias = BrokenTool | BrokenResource | BrokenPrompt


def keep_servable(expose: McpExpose, server: McpServer, broken_parts: BrokenParts) -> McpServer:
    """Return the server without its broken parts, which respond with the reason."""
    kept: list[Tool | DynamicResource | ResourceFolder | Prompt] = []
    broken: dict[tuple[str, str], Broken] = {}
    declared: tuple[McpTool | McpResource | McpPrompt, ...] = (*expose.tools, *expose.resources, *expose.prompts)
    for exposed in declared:
        part = broken_parts.parts.get(exposed.get_path())
        call = getattr(exposed, "call", None)
        if reason := broken_parts.find_reason_against(exposed.get_path(), part, call):
            noun, left_out = _describe(exposed, reason, broken_parts)
            place = nouns.PART_OF_EXPOSE(part=noun, namespace=expose.namespace)
            broken_parts.left_out.append(LeftOut(place, reason))
            if left_out is not None:
                broken.setdefault(left_out.key, left_out)
        elif isinstance(part, Tool | DynamicResource | ResourceFolder | Prompt):
            kept.append(part)
    served = {part.key for part in kept}
    return replace(
        server,
        tools=tuple(part for part in kept if isinstance(part, Tool)),
        resources=tuple(part for part in kept if isinstance(part, DynamicResource | ResourceFolder)),
        prompts=tuple(part for part in kept if isinstance(part, Prompt)),
        broken=tuple(one for key, one in broken.items() if key not in served),
    )


def _describe(
    exposed: McpTool | McpResource | McpPrompt, reason: Reason, broken_parts: BrokenParts
) -> tuple[NounPhrase, Broken | None]:
    """Return the name of a broken part for operators, and what is left of it. None without a readable name."""
    unread = broken_parts.unread
    match exposed.get_path()[-2]:
        case "resources":
            uri = exposed.get_value("uri")
            if exposed.get_path("uri") in unread:
                return nouns.SOME_MCP_RESOURCE(), None
            return nouns.RESOURCE(uri=uri), BrokenResource(uri, reason)
        case "prompts":
            if exposed.get_path("name") in unread:
                return nouns.SOME_PROMPT(), None
            return nouns.PROMPT(name=exposed.name), BrokenPrompt(exposed.name, reason)
        case _:
            if exposed.get_path("name") in unread:
                return nouns.SOME_TOOL(), None
            return nouns.TOOL(name=exposed.name), BrokenTool(exposed.name, reason)
