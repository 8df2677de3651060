"""Names and hints of MCP tools that clients may reject or misjudge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.exposes import McpExpose
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import McpTool
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.check_type import Subject

_TOOL_NAME: Final = compile_lazily(r"[A-Za-z0-9_.-]{1,64}")
_CHANGING: Final = ("PUT", "PATCH", "DELETE")


def check_tools(subject: Subject) -> None:
    """Report names that clients may reject, and hints that contradict each other or the called method."""
    for expose in subject.document.capability.exposes:
        if isinstance(expose, McpExpose):
            for tool in expose.tools:
                _check_tool(tool, subject.operations.get(tool.call or ""), subject.context)


def _check_tool(tool: McpTool, consumed: Consumed | None, context: Context) -> None:
    if not _TOOL_NAME.fullmatch(tool.name):
        context.report(rules.TOOL_NAME(name=tool.name[:80]), tool.path_to("name"))
    if tool.hints is None or consumed is None:
        return
    method = consumed.spec.method
    if tool.hints.read_only and method in _CHANGING:
        statement = rules.CONTRADICTION(hint="readOnly", operation=consumed.name, method=method)
        context.report(statement, tool.path_to("hints", "readOnly"))
    if tool.hints.destructive and method == "GET":
        statement = rules.CONTRADICTION(hint="destructive", operation=consumed.name, method=method)
        context.report(statement, tool.path_to("hints", "destructive"))
    if tool.hints.read_only and tool.hints.destructive:
        context.report(rules.CONTRADICTION_OF_HINTS(hint="destructive"), tool.path_to("hints", "destructive"))
