"""What tools inherit from functions of aggregates, hints included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.document.exposes import Hints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.document.aggregates import Semantics
    from naftiko_runtime.document.exposes import McpExpose, McpTool
    from naftiko_runtime.link.function_references import Functions
    from naftiko_runtime.source import KeyPath


def inherit(expose: McpExpose, functions: Functions) -> McpExpose:
    """Return an expose whose tools have what they inherit from the functions that they refer to."""
    if all(tool.ref is None for tool in expose.tools):
        return expose
    return expose.derive({"tools": tuple(_inherit_tool(tool, functions) for tool in expose.tools)})


def _inherit_tool(tool: McpTool, functions: Functions) -> McpTool:
    source = functions.resolve(tool)
    if source is None:
        return tool
    _, function = source
    own = {"hints": _derive_hints(tool, function.semantics)} if function.semantics is not None else {}
    return functions.inherit(tool, source, function.input_parameters, own)


def _derive_hints(tool: McpTool, semantics: Semantics) -> Hints:
    """Return the hints of a tool: its own, and for each that it does not set the one that follows from the function."""
    own = tool.hints
    if own is None:
        own = Hints()
        own.set_path(tool.get_path("hints"))
    derived = {n: (value, key_path) for n, value, key_path in _iter_derived(semantics) if getattr(own, n) is None}
    places = {Hints.model_fields[name].alias: key_path for name, (_, key_path) in derived.items()}
    return own.derive({name: value for name, (value, _) in derived.items()}, places)


def _iter_derived(semantics: Semantics) -> Iterator[tuple[str, bool, KeyPath]]:
    """Yield the hints that follow from semantics: name, value, and the place of what it follows from."""
    if semantics.safe is not None:
        yield "read_only", semantics.safe, semantics.get_path("safe")
    if semantics.safe:
        yield "destructive", False, semantics.get_path("safe")
    if semantics.idempotent is not None:
        yield "idempotent", semantics.idempotent, semantics.get_path("idempotent")
