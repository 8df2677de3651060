"""What the steps of one workflow have in common while they are linked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from naftiko_runtime import rules
from naftiko_runtime.document.steps import DeclaredLookupStep
from naftiko_runtime.link.call_scope import CallReferences
from naftiko_runtime.link.call_site import CallSite
from naftiko_runtime.link.consumed_operation import list_named_outputs
from naftiko_runtime.link.exposed_inputs import OperationInputs
from naftiko_runtime.link.link_with_values import link_tree
from naftiko_runtime.link.mocks import make_mock_target
from naftiko_runtime.link.step_references import StepOutputs
from naftiko_runtime.link.term_substitution import find_variables, substitute
from naftiko_runtime.link.unknown_output import OutputNames
from naftiko_runtime.link.with_values import WithValues
from naftiko_runtime.plan import INDEX, ITEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.call import CallLinker
    from naftiko_runtime.link.call_targets import Calls
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan import Input, Request, Term, Tree
    from naftiko_runtime.source import KeyPath


class LinkedCall(Struct, frozen=True):
    """The call of a step or of its fallback: what it calls, what linked it, and the request."""

    consumed: Consumed
    linker: CallLinker
    request: Request


class WorkflowScope(Struct):
    """What the steps of one workflow have in common.

    Attributes:
        context: The linking run.
        exposed: The exposed operation.
        names: The names of its expose.
        calls: The consumed operations of the document.
        inputs: The inputs of the operation by name; linking adds those that it infers.
        fixed: Values that the document gives instead of the caller, by the names of inputs.
        displaced: Inputs of the path that the route has no placeholder for.
        tool: Whether the operation is a tool.
        steps: The names of all steps.
        linked_calls: The calls of the steps that are linked, by step.
        linked_fallbacks: The calls that replace steps that fail, by step.
        outputs: What each step uses of others, and last the result.
        templates: What the templates of the outputs use.
    """

    context: Context
    exposed: Exposed
    names: tuple[str, ...]
    calls: Calls
    inputs: dict[str, Input]
    fixed: Mapping[str, Term]
    displaced: Mapping[str, Input]
    tool: bool
    steps: tuple[str, ...]
    linked_calls: dict[str, LinkedCall] = field(default_factory=dict)
    linked_fallbacks: dict[str, LinkedCall] = field(default_factory=dict)
    outputs: list[StepOutputs] = field(default_factory=list)
    templates: list[StepOutputs] = field(default_factory=list)

    def open_outputs(self, own: str | None = None, *, around: bool = False) -> StepOutputs:
        """The outputs that a step can use, or the result if there is no step.

        Args:
            own: The step; None for the result.
            around: Whether it is what stands around the step, outside its loop.
        """
        earlier = self.steps if own is None else self.steps[: self.steps.index(own)]
        loop = (ITEM, INDEX) if own is not None and self._is_loop(own) else ()
        of_loop = () if around else loop
        spaces = self.context.namespaces
        others = {*self.names, *spaces.exposed, *spaces.aggregates, *self.context.variables.namespaces}
        free = {name: one for name, one in self.inputs.items() if name not in of_loop}
        found = StepOutputs(
            self.context,
            earlier + of_loop,
            own,
            self.steps + of_loop,
            free,
            of_loop,
            loop if around else (),
            frozenset(others),
            frozenset(self.fixed),
            self._find_lists(earlier),
            self._find_known_outputs(earlier),
        )
        self.outputs.append(found)
        return found

    def _find_lists(self, steps: Sequence[str]) -> dict[str, str]:
        """The steps whose output is surely a list, with the JSONPath of the list in each page."""
        found = {}
        for step in steps:
            linked = self.linked_calls.get(step)
            if self._is_loop(step):
                found[step] = "$"
            elif linked is not None and linked.consumed.pagination is not None and not self.is_controlled(step):
                found[step] = linked.consumed.pagination.items
        return found

    def _find_known_outputs(self, steps: Sequence[str]) -> dict[str, OutputNames]:
        """What the outputs of steps have: of calls with named outputs, and of lookups with named fields."""
        found = {}
        for step in steps:
            linked, declared = self.linked_calls.get(step), self._find_lookup(step)
            if self.is_controlled(step):
                continue
            if declared is not None and declared.output_parameters:
                found[step] = OutputNames(declared.output_parameters, of_items=True)
            elif linked is not None and (named := list_named_outputs(linked.consumed)):
                found[step] = OutputNames(tuple(one.name for one in named))
        return found

    def _find_lookup(self, step: str) -> DeclaredLookupStep | None:
        lookups = (one for one in self.exposed.steps if isinstance(one, DeclaredLookupStep))
        return next((one for one in lookups if one.name == step), None)

    def _is_loop(self, step: str) -> bool:
        return any(one.name == step and getattr(one, "for_each", None) is not None for one in self.exposed.steps)

    def is_inherited(self, key: str) -> bool:
        """Return whether a key comes from a function, whose own findings say what it does not use."""
        own = self.exposed.get_path()
        return self.exposed.get_path(key)[: len(own)] != own

    def is_controlled(self, step: str) -> bool:
        """Return whether a step runs in a loop or has a fallback, so its output may be of another type."""
        found = (one for one in self.exposed.steps if one.name == step)
        return any(getattr(one, "for_each", None) is not None or getattr(one, "fallback", None) for one in found)

    def make_site(self, part: Part, with_: Mapping[str, Any]) -> CallSite:
        """The call site of a step."""
        return CallSite(part, with_, getattr(self.exposed, "input_parameters", ()), in_step=True)

    def link_template(self, output: Output) -> Term:
        """Link the ``value`` of an output, which may name inputs."""
        outputs = self.open_outputs()
        self.templates.append(outputs)
        found = self._make_references(output, outputs).link_exposed_template(
            output.value or "", output.get_path("value")
        )
        term: Term = substitute(found, self.fixed)
        for name in set(find_variables(term)):
            self.context.report(rules.SECRET_SHOWN(name=name), output.get_path("value"))
        return term

    def link_shown_value(self, value: Any, place: KeyPath, part: Part, outputs: StepOutputs) -> Tree:
        """Link a value that callers see, or may see. Bound variables in it are reported."""
        tree = self.link_value(value, place, part, outputs)
        for name in sorted(set(find_variables(tree))):
            self.context.report(rules.SECRET_SHOWN(name=name), place)
        return tree

    def link_value(self, value: Any, place: KeyPath, part: Part, outputs: StepOutputs) -> Tree:
        """Link a value that no call takes: of a lookup, a script or the result."""
        references = self._make_references(part, outputs)
        tree: Tree = substitute(link_tree(value, place, self.make_site(part, {}), references), self.fixed)
        outputs.failed = outputs.failed or references.failed
        return tree

    def _make_references(self, part: Part, outputs: StepOutputs) -> CallReferences:
        """Resolves the references of a part that calls nothing."""
        nothing = make_mock_target(self.exposed, self.context)
        inputs = OperationInputs(self.inputs, nothing, self.displaced)
        values = WithValues(self.context, self.make_site(part, {}), nothing)
        return CallReferences(self.context, self.names, nothing, inputs, values, outputs)
