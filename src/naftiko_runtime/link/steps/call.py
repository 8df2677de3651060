"""Links call steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.link.call import CallLinker
from naftiko_runtime.link.steps.workflow_context import LinkedCall
from naftiko_runtime.plan import CallStep

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import DeclaredCallStep, DeclaredFallback
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope


def link_call_step(step: DeclaredCallStep, scope: WorkflowScope) -> CallStep | None:
    """Link a step; None if its operation is unknown, which is reported."""
    return _link_call(step.name, step, step.call, scope, scope.linked_calls)


def link_fallback_call(step: str, fallback: DeclaredFallback, call: str, scope: WorkflowScope) -> CallStep | None:
    """Link the call that replaces a step that fails; None if its operation is unknown, which is reported."""
    return _link_call(step, fallback, call, scope, scope.linked_fallbacks)


def _link_call(
    step: str,
    part: DeclaredCallStep | DeclaredFallback,
    call: str,
    scope: WorkflowScope,
    linked_calls: dict[str, LinkedCall],
) -> CallStep | None:
    consumed = scope.calls.resolve(call, part.get_path("call"))
    outputs = scope.open_outputs(step)
    if consumed is None:
        return None
    linker = CallLinker(
        scope.context,
        scope.make_site(part, part.with_),
        scope.names,
        consumed,
        scope.inputs,
        tool=scope.tool,
        fixed=scope.fixed,
        closed=True,
        displaced=scope.displaced,
        outputs=outputs,
    )
    request = linker.link_step()
    outputs.failed = outputs.failed or linker.references.failed
    linked_calls[step] = LinkedCall(consumed, linker, request)
    return CallStep(step, request, outputs.references)
