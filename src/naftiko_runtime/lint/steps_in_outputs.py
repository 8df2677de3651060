"""Checks for outputs of workflows whose mappings name steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.steps import DeclaredCallStep
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lint.define_check import make_check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.lint.define_check import Subject


def check_steps_in_outputs(subject: Subject) -> None:
    """Report mappings of outputs that begin with the name of a step: they read the result, which has no steps."""
    for _, exposed in subject.iter_operations():
        if exposed.call is not None or not exposed.steps:
            continue
        steps = _list_foreign_names(exposed)
        for output, path in _iter_paths(exposed.output_parameters):
            if (step := _find_first_field(path)) not in steps or step is None:
                continue
            message = rules.STEP_IN_OUTPUT_MAPPED if exposed.mappings else rules.STEP_IN_OUTPUT
            subject.context.report(message(step=step, path=path), output.get_path("mapping"))


def _list_foreign_names(exposed: Exposed) -> set[str]:
    """The steps whose names the result does not have. The last response may have a field of its step's name."""
    names = {str(step.name) for step in exposed.steps}
    if exposed.mappings:
        return names - {mapping.target_name.partition(".")[0] for mapping in exposed.mappings}
    calls = [str(step.name) for step in exposed.steps if isinstance(step, DeclaredCallStep)]
    return names - set(calls[-1:])


def _iter_paths(outputs: Iterable[Output]) -> Iterator[tuple[Output, str]]:
    """The outputs that read from the whole result, and their paths."""
    for output in outputs:
        if output.value is not None or output.const is not None:
            continue
        if isinstance(output.mapping, str):
            yield output, output.mapping
        elif output.properties and output.mapping is None:
            yield from _iter_paths(output.properties.values())


def _find_first_field(path: str) -> str | None:
    try:
        return compile_path(path).first_field
    except JsonPathError:  # reported where the output is linked
        return None


CHECKS: Final = (make_check(check_steps_in_outputs, rules.STEP_IN_OUTPUT),)
