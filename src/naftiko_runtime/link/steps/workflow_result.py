"""Links the result of a workflow: of its mappings, of its last call, or of its last step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime import rules
from naftiko_runtime.document.parameters import OutputMapping
from naftiko_runtime.link.output_shapes import is_identity, link_shapes
from naftiko_runtime.plan import (
    ListShape,
    MapShape,
    ObjectShape,
    OutputResult,
    ScalarShape,
    TreeResult,
)
from naftiko_runtime.terms import TermObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.document.steps import StepMapping
    from naftiko_runtime.link.output_shapes import LinkTemplate
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope
    from naftiko_runtime.plan import NamedOutput, Shape, Tree, WorkflowStep


def link_tree_result(
    mappings: Sequence[StepMapping], outputs: Sequence[Output], scope: WorkflowScope, link_template: LinkTemplate
) -> TreeResult:
    """Link the result of mappings.

    Args:
        mappings: The mappings.
        outputs: The declared outputs, which give types.
        scope: The workflow.
        link_template: Links the ``value`` of an output.
    """
    of_steps = scope.open_outputs()
    tree: dict[str, Any] = {}
    for mapping in mappings:
        value = scope.link_shown_value(mapping.value, mapping.get_path("value"), mapping, of_steps)
        _set_target(tree, mapping, value, scope)
    if outputs:
        _check_targets(mappings, outputs, scope)
    shapes = link_named_shapes(outputs, link_template) if outputs else (_shape_tree(tree, "$"),)
    return TreeResult(_make_tree(tree), of_steps.references, shapes)


def link_output_result(step: WorkflowStep, outputs: Sequence[Output], link_template: LinkTemplate) -> OutputResult:
    """Link the result that is the output of a step."""
    whole = not outputs or is_identity(outputs[0])
    return OutputResult(step.name, () if whole else link_named_shapes(outputs, link_template))


def link_call_shapes(
    outputs: Sequence[Output], named: Sequence[NamedOutput], link_template: LinkTemplate
) -> tuple[Shape, ...]:
    """Link the shapes of the last call's response. Outputs without any path get what has their names.

    Args:
        outputs: The declared outputs.
        named: The named parts of the response.
        link_template: Links the ``value`` of an output.
    """
    if not outputs or is_identity(outputs[0]) or any(map(_has_source, outputs)):
        return link_shapes(outputs, link_template)
    paths = {one.name: one.path for one in named}
    return link_named_shapes(outputs, link_template, paths)


def link_named_shapes(
    outputs: Sequence[Output], link_template: LinkTemplate, paths: Mapping[str, str] | None = None
) -> tuple[Shape, ...]:
    """Link the shapes of outputs, each of which reads the field of its own name.

    Args:
        outputs: The declared outputs: one without a name, or several with names.
        link_template: Links the ``value`` of an output.
        paths: Other paths by name.
    """
    if any(not output.name for output in outputs):
        return tuple(_shape_output(output, "$", link_template) for output in outputs)
    known = paths or {}
    fields = (
        (name, _shape_output(output, known.get(name, _make_path(name)), link_template))
        for output in outputs
        if (name := output.name)
    )
    return (ObjectShape("$", tuple(fields)),)


def _shape_output(output: Output, path: str, link_template: LinkTemplate) -> Shape:
    if output.value is not None or output.const is not None:
        return link_shapes((output,), link_template)[0]
    path = output.mapping if isinstance(output.mapping, str) else path
    older = output.mapping if isinstance(output.mapping, OutputMapping) else output
    about = output.description
    if older.properties:
        fields = ((n, _shape_output(one, _make_path(n), link_template)) for n, one in older.properties.items())
        return ObjectShape(path, tuple(fields), about)
    if output.values:
        return MapShape(path, _shape_output(output.values, "$", link_template), about)
    if output.type == "array" or older.items:
        return ListShape(path, _shape_output(older.items, "$", link_template) if older.items else None, about)
    return ScalarShape(path, output.type, about, output.max_length)


def _has_source(output: Output) -> bool:
    """Whether an output, or one inside it, has a path or a value of its own."""
    own = output.mapping is not None or output.value is not None or output.const is not None
    return own or any(map(_has_source, output.iter_inner()))


def _make_path(name: str) -> str:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"$['{quoted}']"


def _set_target(tree: dict[str, Any], mapping: StepMapping, value: Tree, scope: WorkflowScope) -> None:
    """Set a field of the result. A name with dots is a field of an object."""
    *parents, last = names = mapping.target_name.split(".")
    if not all(names):
        scope.context.report(rules.INVALID_VALUE_TARGET(name=mapping.target_name), mapping.get_path("targetName"))
        return
    place, at = mapping.get_path("targetName"), tree
    for name in parents:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            scope.context.report(rules.DUPLICATE_NAME_TARGET(name=mapping.target_name), place)
            return
    if last in at:
        scope.context.report(rules.DUPLICATE_NAME_TARGET(name=mapping.target_name), place)
        return
    at[last] = value


def _check_targets(mappings: Sequence[StepMapping], outputs: Sequence[Output], scope: WorkflowScope) -> None:
    """Report mappings that set nothing, and outputs that nothing sets."""
    declared = [(path, output) for output in outputs for path, output in _iter_fields(output, output.name or "")]
    for mapping in mappings:
        if not any(_overlap(mapping.target_name, path) for path, _ in declared):
            statement = rules.UNMATCHED_MAPPING(name=mapping.target_name)
            scope.context.report(statement, mapping.get_path("targetName"))
    for path, output in declared:
        if not _has_source(output) and not any(_overlap(one.target_name, path) for one in mappings):
            scope.context.report(rules.UNMATCHED_MAPPING_OUTPUT(name=path), output.get_path())


def _iter_fields(output: Output, path: str) -> Iterator[tuple[str, Output]]:
    """The fields that an output declares, by their dotted names; those below a list or a map are its own."""
    older = output.mapping if isinstance(output.mapping, OutputMapping) else output
    if not older.properties or isinstance(output.mapping, str):
        yield path, output
        return
    for name, inner in older.properties.items():
        yield from _iter_fields(inner, f"{path}.{name}" if path else name)


def _overlap(first: str, second: str) -> bool:
    """Whether one of two dotted names is the other, or is above it."""
    return not second or f"{first}.".startswith(f"{second}.") or f"{second}.".startswith(f"{first}.")


def _make_tree(tree: dict[str, Any]) -> TermObject:
    return TermObject(tuple((n, _make_tree(one) if isinstance(one, dict) else one) for n, one in tree.items()))


def _shape_tree(tree: dict[str, Any], path: str) -> ObjectShape:
    """The shape of a result without declared outputs: its fields may have any value."""
    fields = (
        (n, _shape_tree(one, _make_path(n)) if isinstance(one, dict) else ScalarShape(_make_path(n), "object"))
        for n, one in tree.items()
    )
    return ObjectShape(path, tuple(fields))
