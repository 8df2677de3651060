"""Links the keys of a step that control when it runs and what its failure does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_condition
from naftiko_runtime.link.steps.call import link_fallback_call
from naftiko_runtime.link.term_substitution import substitute
from naftiko_runtime.plan import FallbackValue, StepControl, When
from naftiko_runtime.terms import TermObject

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import ControlledStep
    from naftiko_runtime.link.steps.scope import WorkflowScope
    from naftiko_runtime.plan import CallStep, Term


def link_control(step: ControlledStep, scope: WorkflowScope) -> StepControl | None:
    """Link the control flow of a step. None if it has no such keys."""
    control = StepControl(_link_when(step, scope), _link_fallback(step, scope), step.on_error == "continue")
    return None if control == StepControl() else control


def _link_when(step: ControlledStep, scope: WorkflowScope) -> When | None:
    if step.when is None:
        return None
    outputs, place = scope.open_outputs(step.name), step.get_path("when")
    try:
        condition = compile_condition(step.when)
    except JsonPathError as error:
        scope.context.report(rules.JSONPATH(problem=error.problem), place)
        outputs.failed = True
        return None
    if not condition.names:
        scope.context.report(rules.CONSTANT_CONDITION(), place)
    terms = ((name, outputs.resolve_field(name, place)) for name in condition.names)
    fields: tuple[tuple[str, Term], ...] = substitute(tuple(terms), scope.fixed)
    return When(step.when, TermObject(fields), outputs.references)


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
        scope.link_value(fallback.value, fallback.get_path("value"), fallback, outputs), outputs.references
    )
