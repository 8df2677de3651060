"""Links call steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.link.call import CallLinker
from naftiko_runtime.link.steps.scope import LinkedCall
from naftiko_runtime.plan import CallStep, NamedOutput

if TYPE_CHECKING:
    from naftiko_runtime.document.steps import DeclaredCallStep
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.steps.scope import WorkflowScope


def link_call_step(step: DeclaredCallStep, scope: WorkflowScope) -> CallStep | None:
    """Link a step; None if its operation is unknown, which is reported."""
    consumed = scope.calls.resolve(step.call, step.get_path("call"))
    outputs = scope.open_outputs(step.name)
    if consumed is None:
        return None
    linker = CallLinker(
        scope.context,
        scope.make_site(step, step.with_),
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
    scope.linked_calls[step.name] = LinkedCall(consumed, linker)
    return CallStep(step.name, request, outputs.references)


def list_named_outputs(consumed: Consumed) -> tuple[NamedOutput, ...]:
    """The parts of a response that have names for later steps."""
    declared = consumed.operation.output_parameters
    return tuple(NamedOutput(one.name, one.value, one.type) for one in declared if one.value is not None)
