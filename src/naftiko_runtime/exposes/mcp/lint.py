"""Checks of MCP servers and tools: what clients may reject or misjudge, and what they cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.exposes.mcp import lint_texts
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.lint.select_parts import filter_readable, is_own, list_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.document.exposes import McpExpose, McpResource, McpTool
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.define_check import Subject

_TOOL_NAME: Final = compile_lazily(r"[A-Za-z0-9_.-]{1,64}")
_CHANGING: Final = ("PUT", "PATCH", "DELETE")


def list_operations(expose: McpExpose) -> Sequence[McpTool | McpResource]:
    """Return the tools of an expose, and its resources that operations give."""
    return (*expose.tools, *(resource for resource in expose.resources if resource.location is None))


def check_tools(expose: McpExpose, subject: Subject) -> None:
    """Report names that clients may reject, and hints that contradict each other or the called method."""
    for tool in expose.tools:
        _check_tool(tool, subject.operations.get(tool.call or ""), subject.context)


def _check_tool(tool: McpTool, consumed: Consumed | None, context: Context) -> None:
    if not _TOOL_NAME.fullmatch(tool.name):
        context.report(rules.TOOL_NAME(name=tool.name[:80]), tool.get_path("name"))
    if tool.hints is None or consumed is None:
        return
    method = consumed.operation.method
    if tool.hints.read_only and method in _CHANGING:
        statement = rules.CONTRADICTION(hint="readOnly", operation=consumed.name, method=method)
        context.report(statement, tool.hints.get_path("readOnly"))
    if tool.hints.destructive and method == "GET":
        statement = rules.CONTRADICTION(hint="destructive", operation=consumed.name, method=method)
        context.report(statement, tool.hints.get_path("destructive"))
    if tool.hints.read_only and tool.hints.destructive:
        context.report(rules.CONTRADICTION_OF_HINTS(hint="destructive"), tool.hints.get_path("destructive"))


def check_descriptions(expose: McpExpose, subject: Subject) -> None:
    """Report missing descriptions of a server and its tools; not of imported ones."""
    operations, context = subject.operations, subject.context
    if not is_own(expose, context):
        return
    server = filter_readable(
        [(expose.namespace, expose.get_path("namespace"))] if not expose.description else [], context
    )
    tools = filter_readable(
        [(t.name, t.get_path("name")) for t in expose.tools if not _is_described(t, operations)], context
    )
    if server and tools:
        statement = rules.NO_DESCRIPTION_SERVER_AND_TOOLS(namespace=expose.namespace, tools=list_names(tools))
    elif server:
        statement = rules.NO_DESCRIPTION_SERVER(namespace=expose.namespace)
    elif tools:
        statement = rules.NO_DESCRIPTION_TOOLS(tools=list_names(tools))
    else:
        return
    context.report(statement, [*server, *tools][0][1])


def _is_described(tool: McpTool, operations: Mapping[str, Consumed]) -> bool:
    """Return whether clients get a description: the tool's own, or that of what it calls or refers to."""
    consumed = operations.get(tool.call or "")
    return bool(tool.description or tool.ref or (consumed is not None and consumed.operation.description))


CHECKS: Final = (
    make_expose_check(check_tools, rules.TOOL_NAME, rules.CONTRADICTION),
    make_expose_check(check_descriptions, rules.NO_DESCRIPTION),
    *lint_texts.CHECKS,
)
