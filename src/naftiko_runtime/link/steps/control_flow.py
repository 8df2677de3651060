"""Links the keys of a step that control when it runs and what its failure does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_condition
from naftiko_runtime.link.steps.call import link_fallback_call
from naftiko_runtime.link.steps.report_presence_conditions import check_presence
from naftiko_runtime.link.term_substitution import substitute
from naftiko_runtime.link.unknown_output import check_output_field
from naftiko_runtime.plan import Argument, Constant, FallbackValue, LoopInput, StepControl, StepLoop, When
from naftiko_runtime.terms import TermList, TermObject

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import ControlledStep
    from naftiko_runtime.link.step_references import StepOutputs
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope
    from naftiko_runtime.plan import CallStep, StepReference, Term, Tree


def link_control(step: ControlledStep, scope: WorkflowScope) -> StepControl | None:
    """Link the control flow of a step. None if it has no such keys."""
    _report_keys_without_loop(step, scope)
    when, loop, fallback = _link_when(step, scope), _link_loop(step, scope), _link_fallback(step, scope)
    control = StepControl(when, loop, fallback, step.on_error == "continue")
    return None if control == StepControl() else control


def _link_when(step: ControlledStep, scope: WorkflowScope) -> When | None:
    if step.when is None:
        return None
    outputs, place = scope.open_outputs(step.name, around=True), step.get_path("when")
    try:
        condition = compile_condition(step.when)
    except JsonPathError as error:
        scope.context.report(rules.JSONPATH(problem=error.problem), place)
        outputs.failed = True
        return None
    if not condition.names:
        scope.context.report(rules.CONSTANT_CONDITION(), place)
    check_presence(condition, place, outputs, scope)
    for step_name, field in condition.fields:
        if (known := outputs.known.get(step_name)) is not None:
            check_output_field(field, step_name, known, place, scope.context)
    terms = ((name, outputs.resolve_field(name, place)) for name in condition.names)
    fields: tuple[tuple[str, Term], ...] = substitute(tuple(terms), scope.fixed)
    return When(step.when, TermObject(fields), outputs.references)


def _report_keys_without_loop(step: ControlledStep, scope: WorkflowScope) -> None:
    written = () if step.for_each is not None else ("concurrency", "on_item_error")
    for name in step.model_fields_set.intersection(written):
        key = step.model_fields[name].alias
        scope.context.report(rules.NO_EFFECT_WITHOUT_LOOP(key=key), step.get_path(key), key=True)


def _link_loop(step: ControlledStep, scope: WorkflowScope) -> StepLoop | None:
    if step.for_each is None:
        return None
    outputs, place = scope.open_outputs(step.name, around=True), step.get_path("forEach")
    items = scope.link_shown_value(step.for_each, place, step, outputs)
    found = _find_tree_type(items, outputs, scope)
    if not outputs.failed and found not in (None, "array", "json"):
        scope.context.report(rules.NO_LIST(type=found), place)
    input_ = _find_loop_input(items, outputs, scope)
    return StepLoop(items, outputs.references, step.concurrency, step.on_item_error, input_)


def _find_loop_input(items: Tree, outputs: StepOutputs, scope: WorkflowScope) -> LoopInput | None:
    """The input that has the items; None if they come from elsewhere."""
    if not isinstance(items, Argument):
        return None
    reference = outputs.used.get(items.name)
    if reference is not None and not reference.of_input:
        return None
    name = items.name if reference is None else reference.source
    declared = scope.inputs.get(name)
    return LoopInput(name, "arguments" if scope.tool or declared is None else declared.place)


def _find_tree_type(items: Tree, outputs: StepOutputs, scope: WorkflowScope) -> str | None:
    """The type of a value; None if it is unknown."""
    match items:
        case TermList():
            return "array"
        case TermObject():
            return "object"
        case Constant(value) if not isinstance(value, str):
            return "boolean" if isinstance(value, bool) else "number"
        case Argument(name):
            reference = outputs.used.get(name)
            return _find_type(name, scope) if reference is None else _find_output_type(reference, scope)
        case _:
            return "string"


def _find_type(name: str, scope: WorkflowScope) -> str | None:
    """The type of an input."""
    input_ = scope.inputs.get(name)
    return None if input_ is None else input_.type


def _find_output_type(reference: StepReference, scope: WorkflowScope) -> str | None:
    """The type of a named output of a call that runs once, and is not replaced."""
    linked = scope.linked_calls.get(reference.source)
    if reference.of_input or linked is None or scope.is_controlled(reference.source):
        return None
    named = linked.consumed.operation.output_parameters
    return next((one.type for one in named if f"$.{one.name}" == reference.path and one.value is not None), None)


def _link_fallback(step: ControlledStep, scope: WorkflowScope) -> FallbackValue | CallStep | None:
    fallback = step.fallback
    if fallback is None:
        return None
    has_value = "value" in fallback.model_fields_set
    if has_value == (fallback.call is not None):
        scope.context.report(rules.INVALID_VALUE_FALLBACK(), step.get_path("fallback"))
        return None
    if fallback.call is not None:
        return link_fallback_call(step.name, fallback, fallback.call, scope)
    outputs = scope.open_outputs(step.name)
    return FallbackValue(
        scope.link_shown_value(fallback.value, fallback.get_path("value"), fallback, outputs), outputs.references
    )
