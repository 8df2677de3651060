"""Reports conditions that only ask whether a value is there, and look as if they asked for the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath import Condition
    from naftiko_runtime.link.step_references import StepOutputs
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope
    from naftiko_runtime.source import KeyPath


def check_presence(condition: Condition, place: KeyPath, outputs: StepOutputs, scope: WorkflowScope) -> None:
    """Report each step, and each value that is declared boolean, that stands alone in a condition."""
    for names in condition.present:
        name, *inner = names
        is_step, path = name in outputs.earlier, f"$.{'.'.join(names)}"
        if is_step and not inner:
            scope.context.report(rules.PRESENCE_CONDITION_STEP(path=path), place)
        elif _is_boolean_output(name, inner, scope) if is_step else _is_boolean_input(name, inner, scope):
            scope.context.report(rules.PRESENCE_CONDITION(path=path), place)


def _is_boolean_input(name: str, inner: list[str], scope: WorkflowScope) -> bool:
    input_ = scope.inputs.get(name)
    return input_ is not None and not inner and input_.type == "boolean"


def _is_boolean_output(step: str, inner: list[str], scope: WorkflowScope) -> bool:
    """Whether a name in the output of a step is one that its operation declares as boolean."""
    linked = scope.linked_calls.get(step)
    if linked is None or scope.is_controlled(step):
        return False
    named = linked.consumed.operation.output_parameters
    return any([one.name] == inner and one.type == "boolean" and one.value is not None for one in named)
