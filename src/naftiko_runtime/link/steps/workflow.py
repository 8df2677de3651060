"""Links an operation with steps to a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.document.steps import (
    STEP_TYPES,
    DeclaredCallStep,
    DeclaredLookupStep,
    DeclaredScriptStep,
    UnknownStep,
)
from naftiko_runtime.link.call import allow_null
from naftiko_runtime.link.call_site import make_call_site
from naftiko_runtime.link.consumed_operation import list_named_outputs
from naftiko_runtime.link.field_of_list import check_outputs_of_list
from naftiko_runtime.link.steps.call import link_call_step
from naftiko_runtime.link.steps.control_flow import link_control
from naftiko_runtime.link.steps.lookup import link_lookup_step
from naftiko_runtime.link.steps.script import link_script_step
from naftiko_runtime.link.steps.workflow_result import link_call_shapes, link_output_result, link_tree_result
from naftiko_runtime.link.term_substitution import find_arguments
from naftiko_runtime.link.unplaced_inputs import find_declaration
from naftiko_runtime.plan import (
    CallResult,
    CallStep,
    Contract,
    Format,
    OutputResult,
    ScriptStep,
    Workflow,
    iter_calls,
    map_calls,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from naftiko_runtime.document.steps import AnyDeclaredStep
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.output_shapes import LinkTemplate
    from naftiko_runtime.link.steps.workflow_context import WorkflowScope
    from naftiko_runtime.plan import (
        MappedResponse,
        Shape,
        StepReference,
        UntouchedResponse,
        WorkflowResult,
        WorkflowStep,
    )

_OWN_KEYS: Final = {"lookup": {"index", "match", "lookupValue"}, "script": {"language", "location", "file"}}
"""Keys that only steps of one type have."""
_SAFE: Final = ("GET", "HEAD")


class WorkflowLinker:
    """Links one exposed operation with steps.

    Args:
        scope: What its steps have in common.
        link_template: Links the ``value`` of an output.
        link_format: The format of an operation's responses; None if it is refused, which is reported.
        link_response: From an operation and shapes to how its response becomes the result.
    """

    def __init__(
        self,
        scope: WorkflowScope,
        link_template: LinkTemplate,
        link_format: Callable[[Consumed], Format | None],
        link_response: Callable[[Consumed, tuple[Shape, ...]], UntouchedResponse | MappedResponse],
    ) -> None:
        self._scope = scope
        self._link_template = link_template
        self._link_format = link_format
        self._link_response = link_response

    def link(self) -> tuple[Contract, Workflow] | None:
        """Return the contract and the workflow; None if a step is unknown, which is reported."""
        exposed = self._scope.exposed
        self._report_shared_names()
        linked = [self._link_step(step) for step in exposed.steps]
        steps = [step for step in linked if step is not None]
        if len(steps) < len(linked) or not steps:
            return None
        result = self._link_result(steps)
        self._report_unused_steps(steps, result)
        steps = [self._decode(step, result) for step in steps]
        shown = tuple(dict.fromkeys(one for outputs in self._scope.templates for one in outputs.references))
        workflow = Workflow(tuple(_make_stages(steps)), result, shown)
        return self._link_contract(workflow), workflow

    def _report_shared_names(self) -> None:
        """Report the steps that have the name of an input."""
        scope = self._scope
        own = {one.name: one for one in make_call_site(scope.exposed).input_parameters}
        for step in scope.exposed.steps:
            name, place = str(step.name), step.get_path("name")
            if name in own:
                declared = scope.context.find_span(own[name].get_path("name"))
                scope.context.report(rules.SHARED_NAME(name=name), place, related=declared)
            elif name in scope.inputs and not scope.inputs[name].inferred:
                scope.context.report(rules.SHARED_NAME_AROUND(name=name), place)

    def _link_step(self, step: AnyDeclaredStep) -> WorkflowStep | None:
        linked = self._link_kind(step)
        if linked is None or isinstance(step, UnknownStep):
            return None
        control = link_control(step, self._scope)
        if control is None:
            return linked
        controlled = replace(linked, control=control)
        if control.loop is None or _is_safe(controlled):
            return controlled
        return replace(linked, control=replace(control, loop=replace(control.loop, concurrency=1)))

    def _link_kind(self, step: AnyDeclaredStep) -> WorkflowStep | None:
        match step:
            case DeclaredCallStep():
                return link_call_step(step, self._scope)
            case DeclaredLookupStep():
                return link_lookup_step(step, self._scope)
            case DeclaredScriptStep():
                return link_script_step(step, self._scope)
            case UnknownStep():
                self._report_kind(step)
                return None
            case _:
                assert_never(step)

    def _report_kind(self, step: UnknownStep) -> None:
        place, kind = step.get_path("type"), None if step.type is None else str(step.type)[:40]
        advice = suggest(kind or "", STEP_TYPES, helps.STEP_KINDS)
        if kind is None and (meant := self._guess_kind(step)) is not None:
            advice = helps.ADD_STEP_TYPE(type=meant)
        statement = rules.MISSING_KEY_STEP_TYPE() if kind is None else rules.INVALID_VALUE_STEP_TYPE(type=kind)
        self._scope.context.report(statement, place, advice)

    def _guess_kind(self, step: UnknownStep) -> str | None:
        """The type of step that has a key of this one; None if it has no such key."""
        keys = self._scope.context.source.get(step.get_path())
        found = (kind for kind, own in _OWN_KEYS.items() if isinstance(keys, dict) and own.intersection(keys))
        return next(found, None)

    def _link_result(self, steps: Sequence[WorkflowStep]) -> WorkflowResult:
        exposed = self._scope.exposed
        if exposed.mappings:
            return link_tree_result(exposed.mappings, exposed.output_parameters, self._scope, self._link_template)
        calls = [step for step in steps if isinstance(step, CallStep)]
        if not calls or calls[-1].control is not None:
            last = calls[-1] if calls else steps[-1]
            return link_output_result(last, exposed.output_parameters, self._link_template)
        consumed = self._scope.linked_calls[calls[-1].name].consumed
        named = list_named_outputs(consumed)
        shapes = link_call_shapes(exposed.output_parameters, named, self._link_template)
        if consumed.pagination is not None:
            check_outputs_of_list(exposed.output_parameters, consumed.pagination.items, self._scope.context)
        return CallResult(calls[-1].name, self._link_response(consumed, shapes))

    def _list_used_steps(self) -> set[str]:
        """The steps whose outputs other steps or the result use."""
        references = (one for outputs in self._scope.outputs for one in outputs.references)
        return {one.source for one in references if not one.of_input}

    def _decode(self, step: WorkflowStep, result: WorkflowResult) -> WorkflowStep:
        """The step with the format of its response, if its output is used."""
        runs_script = any(isinstance(one, DeclaredScriptStep) for one in self._scope.exposed.steps)
        shown = {result.step} if isinstance(result, OutputResult) else set()
        is_used = runs_script or step.name in self._list_used_steps() | shown
        if not is_used:
            return step

        def decode(call: CallStep) -> CallStep:
            calls = self._scope.linked_calls if call is step else self._scope.linked_fallbacks
            consumed = calls[step.name].consumed
            return replace(call, format=self._link_format(consumed) or Format(), outputs=list_named_outputs(consumed))

        return map_calls(step, decode)

    def _link_contract(self, workflow: Workflow) -> Contract:
        """The inputs that callers give. Those that no step uses are reported."""
        scope = self._scope
        inputs_in_paths = {o.source for outputs in scope.outputs for o in outputs.references if o.of_input}
        placed = {*find_arguments((workflow.stages, workflow.result)), *inputs_in_paths}
        calls = (*scope.linked_calls.values(), *scope.linked_fallbacks.values())
        hidden: set[str] = set()
        for linked in calls:
            hidden |= linked.linker.finish_step(linked.request, placed)
        given = tuple(one for one in scope.inputs.values() if one.name not in scope.fixed and one.name not in hidden)
        if (
            not workflow.script_steps
            and not scope.is_inherited("inputParameters")
            and not any(outputs.failed for outputs in scope.outputs)
        ):
            unused = [input_.name for input_ in given if input_.name not in placed and not input_.inferred]
            for name in unused:
                where = find_declaration(make_call_site(scope.exposed), name)
                scope.context.report(rules.UNUSED_INPUT_OF_WORKFLOW(name=name), where)
        return Contract(allow_null(given, (linked.request.body for linked in calls)))

    def _report_unused_steps(self, steps: Sequence[WorkflowStep], result: WorkflowResult) -> None:
        """Report the steps that have no effect: nothing uses their output, and they change nothing."""
        if self._scope.is_inherited("steps") or any(outputs.failed for outputs in self._scope.outputs):
            return
        used = self._list_used_steps()
        used |= {result.step} if isinstance(result, CallResult | OutputResult) else set()
        if any(isinstance(step, ScriptStep) for step in steps):  # it may use any
            return
        for step, declared in zip(steps, self._scope.exposed.steps, strict=True):
            changes = any(call.request.method not in _SAFE for call in iter_calls(step))
            if step.name not in used and not changes:
                self._scope.context.report(rules.UNUSED_STEP(name=step.name), declared.get_path("name"))


def _make_stages(steps: Sequence[WorkflowStep]) -> Iterator[tuple[WorkflowStep, ...]]:
    """The stages: consecutive safe calls that do not use one another are in one stage."""
    stage: list[WorkflowStep] = []
    for step in steps:
        uses = {one.source for one in _list_references(step) if not one.of_input}
        joins = _is_safe(step) and all(map(_is_safe, stage)) and uses.isdisjoint(one.name for one in stage)
        if stage and not joins:
            yield tuple(stage)
            stage = []
        stage.append(step)
    yield tuple(stage)


def _list_references(step: WorkflowStep) -> tuple[StepReference, ...]:
    return step.references if step.control is None else step.references + step.control.references


def _is_safe(step: WorkflowStep) -> bool:
    return isinstance(step, CallStep) and all(call.request.method in _SAFE for call in iter_calls(step))
