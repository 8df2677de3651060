"""Links lookup steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.plan import LookupStep

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import DeclaredLookupStep
    from naftiko_runtime.link.steps.scope import WorkflowScope


def link_lookup_step(step: DeclaredLookupStep, scope: WorkflowScope) -> LookupStep | None:
    """Link a step; None if its index is no earlier step, which is reported."""
    outputs = scope.open_outputs(step.name)
    index = outputs.resolve_step(step.index, step.get_path("index"))
    value = scope.link_value(step.lookup_value, step.get_path("lookupValue"), step, outputs)
    if index is None:
        return None
    return LookupStep(step.name, index, step.match, value, step.output_parameters, outputs.references)
