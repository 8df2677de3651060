"""Spellings that the specification has another word for. Only `validate --fix` and `--diff` report them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.exposes import McpExpose, RestExpose
from naftiko_runtime.document.normalize import LATER_VERSIONS
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.source.edits import add_parameters, replace_text
from naftiko_runtime.template import Placeholder, split_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostic import Findings
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Exposed, RestResource
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.source import Source

_PREFIXED: Final = compile_lazily(r"(rest|tools|mcp)\.([^\s{}]+)")
_NAMESPACE: Final = compile_lazily(r"[A-Za-z_][\w-]*")
_IN_PATH: Final = (("in", "path"), ("type", "string"))


def check_rewrites(document: Document, source: Source, findings: Findings) -> None:
    """Note what the document says in other words than the specification's, though nothing is wrong with it.

    Args:
        document: The parsed document.
        source: What it was parsed from; what it imports is left to the files it stands in.
        findings: Gets the findings, of severity *info*, each with its fix.
    """
    for namespace, exposed in _operations(document):
        for name, value in exposed.with_.items():
            _check_value(namespace, exposed, name, value, source, findings)
        for output in exposed.output_parameters:
            for inner in _outputs(output):
                _check_mapping(inner, source, findings)
    maps = document.naftiko in LATER_VERSIONS
    for expose in document.capability.exposes:
        for resource in expose.resources if isinstance(expose, RestExpose) else ():
            _check_placeholders(resource, source, findings, maps=maps)


def _operations(document: Document) -> Iterator[tuple[str, Exposed]]:
    """Every exposed operation with the namespace of its expose."""
    for expose in document.capability.exposes:
        if isinstance(expose, RestExpose):
            for resource in expose.resources:
                yield from ((expose.namespace, operation) for operation in resource.operations)
        elif isinstance(expose, McpExpose):
            yield from ((expose.namespace, tool) for tool in expose.tools)


def _outputs(output: Output) -> Iterator[Output]:
    yield output
    for inner in output.iter_inner():
        yield from _outputs(inner)


def _check_value(namespace: str, exposed: Exposed, name: str, value: Any, source: Source, findings: Findings) -> None:
    match = _PREFIXED.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] == namespace or not _NAMESPACE.fullmatch(namespace):
        return
    own, steps = f"{namespace}.{match[2]}", exposed.path_to("with", name)
    span = source.find_span(steps)
    declared = {parameter.name for parameter in getattr(exposed, "input_parameters", ())}
    if span.file != source.file or {value, own} & declared:  # an input of that very name is what is meant then
        return
    fix = replace_text(source, steps, value, own)
    findings.report(rules.VALUE_PREFIX(prefix=match[1], meant=own), span, part=steps, fix=fix)


def _check_mapping(output: Output, source: Source, findings: Findings) -> None:
    if output.mapping != "$.":
        return
    steps = output.path_to("mapping")
    span = source.find_span(steps)
    if span.file == source.file:
        findings.report(rules.ROOT_PATH(), span, part=steps, fix=replace_text(source, steps, "$.", "$"))


def _check_placeholders(resource: RestResource, source: Source, findings: Findings, *, maps: bool) -> None:
    """A forward's last placeholder is no input, and one that only a mock could show would be reported as unused."""
    steps = resource.path_to("path")
    span = source.find_span(steps)
    silent = resource.forward is not None or any(operation.call is None for operation in resource.operations)
    if silent or not resource.operations or span.file != source.file or "path" not in source.get(resource.path_to()):
        return
    shared = {fold_name(parameter.name) for parameter in resource.input_parameters}
    own = [{fold_name(p.name) for p in operation.input_parameters} for operation in resource.operations]
    missing = [
        name for name in _placeholders(resource.path) if not all(fold_name(name) in shared | names for names in own)
    ]
    fix = add_parameters(source, resource.path_to(), missing, _IN_PATH, maps=maps)
    for name in missing:
        findings.report(rules.UNLISTED_PLACEHOLDER(name=name), span, part=steps, fix=fix)


def _placeholders(path: str) -> list[str]:
    """The names in a path, each once; none in one that does not parse."""
    try:
        return list(dict.fromkeys(piece.name for piece in split_path(path) if isinstance(piece, Placeholder)))
    except ValueError:
        return []
