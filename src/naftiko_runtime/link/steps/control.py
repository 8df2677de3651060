"""Links the keys of a step that control when it runs and what its failure does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_condition
from naftiko_runtime.link.term_substitution import substitute
from naftiko_runtime.plan import StepControl, When
from naftiko_runtime.terms import TermObject

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import ControlledStep
    from naftiko_runtime.link.steps.scope import WorkflowScope
    from naftiko_runtime.plan import Term


def link_control(step: ControlledStep, scope: WorkflowScope) -> StepControl | None:
    """Link the control flow of a step. None if it has no such keys."""
    control = StepControl(when=_link_when(step, scope), continues=step.on_error == "continue")
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
