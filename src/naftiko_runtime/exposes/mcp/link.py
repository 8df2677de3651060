"""Links an MCP expose of a document to a server of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from naftiko_runtime import rules
from naftiko_runtime.exposes.mcp.caching import read_caching
from naftiko_runtime.exposes.mcp.link_prompts import link_prompts
from naftiko_runtime.exposes.mcp.link_resources import link_resources
from naftiko_runtime.link.credentials import check_caller_known, check_required_scopes, link_guard
from naftiko_runtime.link.declared_inputs import link_arguments
from naftiko_runtime.plan import STDIO_ADDRESS, McpServer, Tool
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.document.exposes import Hints, McpExpose, McpResource, McpTool
    from naftiko_runtime.document.prompts import McpPrompt
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.link_operations import ExposeLinker

DEFAULT_VERSION: Final = "1.0.0"
"""The version of a capability that has none."""


def link(expose: McpExpose, linker: ExposeLinker) -> McpServer:
    """Link an expose. Errors in it are reported."""
    context, info = linker.context, linker.document.info
    transport = _read_transport(expose, context)
    if expose.transport == "http" and expose.port is None:
        context.report(rules.MISSING_KEY(key="port"), expose.get_path("port"), helps.ADD_MCP_PORT())
    linker.check_unique(rules.DUPLICATE_NAME_TOOL, expose.tools)
    if not expose.tools and not expose.resources and not expose.prompts:
        linker.report_empty(expose, rules.EMPTY_EXPOSE_TOOLS(namespace=expose.namespace), "tools")
    parts: tuple[McpTool | McpResource | McpPrompt, ...] = (*expose.tools, *expose.resources, *expose.prompts)
    for part in parts:
        check_required_scopes(part, expose.authentication, context)
    tools: list[Tool] = []
    for exposed in expose.tools:
        if (tool := _link_tool(expose, exposed, linker)) is not None:
            linker.parts[exposed.get_path()] = tool
            tools.append(tool)
    resources = link_resources(expose, linker)
    prompts = link_prompts(expose, linker)
    on_port = transport == "http"
    span = context.find_span(expose.get_path("port" if on_port else "transport"))
    return McpServer(
        namespace=expose.namespace,
        address=(expose.address or "") if on_port else STDIO_ADDRESS,
        port=(expose.port or 0) if on_port else 0,
        span=span,
        title=info.label or expose.namespace,
        instructions=expose.description,
        tools=tuple(tools),
        resources=resources,
        prompts=prompts,
        guard=link_guard(expose.authentication, context) if on_port else None,
        version=info.version or DEFAULT_VERSION,
        caching=read_caching(expose, context),
    )


def _link_tool(expose: McpExpose, exposed: McpTool, linker: ExposeLinker) -> Tool | None:
    context = linker.context
    inputs, fixed = link_arguments((*expose.input_parameters, *exposed.input_parameters), context)
    linker.check_unique(rules.DUPLICATE_NAME_INPUT, exposed.input_parameters)
    closed = context.takes_nothing(exposed, expose)
    operation = linker.link_operation(expose, exposed, exposed.name, inputs, fixed, tool=True, closed=closed)
    if operation is None:
        return None
    by_stdio = expose.transport == "stdio"
    check_caller_known(operation, expose.authentication, exposed.get_path("name"), context, by_stdio=by_stdio)
    hints = _list_hints(exposed.hints)
    return Tool(exposed.name, exposed.label, operation.description, hints, operation, exposed.required_scopes)


def _read_transport(expose: McpExpose, context: Context) -> Literal["http", "stdio"]:
    """Return the transport of an expose. An invalid value, and keys that it does not need, are reported."""
    match expose.transport:
        case "http":
            return "http"
        case "stdio":
            unused = {"port": expose.port, "address": expose.address, "authentication": expose.authentication}
            for key in (key for key, value in unused.items() if value is not None):
                context.report(rules.NO_EFFECT_STDIO(key=key), expose.get_path(key))
            return "stdio"
        case other:
            advice = suggest(other, ("http", "stdio"), helps.ONE_OF)
            context.report(rules.INVALID_VALUE_TRANSPORT(value=other), expose.get_path("transport"), advice)
            return "http"


def _list_hints(hints: Hints | None) -> tuple[tuple[str, bool], ...]:
    """Return the hints of a tool, by MCP's names of annotations."""
    if hints is None:
        return ()
    return tuple((name, value) for name, value in _iter_annotations(hints) if value is not None)


def _iter_annotations(hints: Hints) -> Iterator[tuple[str, bool | None]]:
    yield "readOnlyHint", hints.read_only
    yield "destructiveHint", hints.destructive
    yield "idempotentHint", hints.idempotent
    yield "openWorldHint", hints.open_world
