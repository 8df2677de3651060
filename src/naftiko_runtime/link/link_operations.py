"""Links the operations of exposes of every kind: their calls, mocks and output shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.document.aggregates import Aggregate, AggregateFunction
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.binary_responses import parse_binary_size
from naftiko_runtime.link.call import CallLinker
from naftiko_runtime.link.call_site import make_call_site
from naftiko_runtime.link.field_of_list import check_outputs_of_list
from naftiko_runtime.link.mocks import check_mock, make_mock_target
from naftiko_runtime.link.output_shapes import convert_constant, link_mock_shapes, link_shapes
from naftiko_runtime.link.reference_syntax import INPUTS, PREFIXES
from naftiko_runtime.link.shared_functions import place_inputs
from naftiko_runtime.link.untouched_responses import describe_response
from naftiko_runtime.mapping.output_schema import has_type
from naftiko_runtime.plan import (
    Call,
    Format,
    Input,
    MappedResponse,
    Mock,
    Operation,
    UntouchedResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Exposed, ExposeWithOperations
    from naftiko_runtime.document.parameters import Output
    from naftiko_runtime.link.call_targets import Calls
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.function_references import FunctionReference
    from naftiko_runtime.link.shared_functions import LinkedFunction, SharedFunctions
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan import AnyPart, Execution, Shape, Term, Upstream
    from naftiko_runtime.rules import Message, Statement
    from naftiko_runtime.source import KeyPath

_REFERENCE: Final = compile_lazily(rf"\$(?:this\b|input|\{{|[.\[])|(?:{'|'.join((*PREFIXES, INPUTS))})\.")
_TEMPLATE: Final = compile_lazily(r"\$?\{{1,2}\s*(?:\$\.)?(?P<name>\w[\w.-]*)\s*\}{1,2}")
"""A name in braces, where a JSONPath belongs."""
_WITH_VALUES: Final = frozenset({"with_", "steps", "mappings", "output_parameters"})
"""The keys, by their names in the program, whose values may refer to inputs."""


class ExposeLinker:
    """Links the operations of exposes.

    Attributes:
        document: The document.
        upstreams: The consumed APIs.
        context: The linking run.
        parts: What was linked, by the place of what it was linked from.
    """

    def __init__(
        self, document: Document, upstreams: Sequence[Upstream], calls: Calls, context: Context, shared: SharedFunctions
    ) -> None:
        self.document = document
        self.upstreams = upstreams
        self.context = context
        self.parts: dict[KeyPath, AnyPart] = {}
        self._calls = calls
        self._shared = shared
        self._formats: dict[str, Format | None] = {}

    def report_empty(self, part: Part, statement: Statement, key: str) -> None:
        """Report a part that serves nothing: at its empty key, or at the part if the key is missing."""
        written = key in part.model_fields_set
        key_path = part.get_path(key) if written else part.get_path()
        self.context.report(statement, key_path, key=written)

    def link_operation(
        self,
        expose: ExposeWithOperations | Aggregate,
        exposed: Exposed,
        name: str,
        inputs: dict[str, Input],
        fixed: Mapping[str, Term],
        *,
        tool: bool,
        closed: bool,
        displaced: Mapping[str, Input] | None = None,
    ) -> Operation | None:
        """Link an operation; None if its call is unknown, which is reported.

        An operation that refers to a function and changes nothing of it shares the function's execution.

        Args:
            expose: What it is part of.
            exposed: The operation.
            name: Its name for logs, in its expose.
            inputs: Its declared inputs by their names.
            fixed: Values that the document gives instead of the caller, by the names of inputs.
            tool: Whether it is a tool or a function: its inputs have no places, and it needs a call.
            closed: Whether it takes no inputs but those that are declared.
            displaced: Inputs of the path that the route has no place for.
        """
        key_path, shared = exposed.get_path(), None
        if not displaced and getattr(expose, "max_binary_size", None) is None:
            shared = self._shared.find(key_path, inputs, fixed, tool=tool, closed=closed)
        if shared is not None:
            return self._share(f"{expose.namespace}.{name}", exposed, shared, inputs)
        reference = self._shared.find_reference(key_path)
        placeless = tool or (reference is not None and bool(reference.inherited & {"input_parameters"}))
        self._check_steps(exposed)
        if exposed.steps and exposed.call is None:
            names = self._list_names(expose, reference)
            return self._link_workflow(
                expose, exposed, name, names, inputs, fixed, tool=placeless, displaced=displaced or {}
            )
        consumed = self._resolve_call(exposed, tool=tool)
        if consumed is None:
            for output in exposed.output_parameters:  # their errors do not depend on the call
                self._is_valid(output)
            return None
        linker = CallLinker(
            self.context,
            make_call_site(exposed),
            self._list_names(expose, reference),
            consumed,
            inputs,
            tool=placeless,
            fixed=fixed,
            closed=closed,
            displaced=displaced or {},
        )
        shapes = self._link_shapes(exposed, linker)  # before the call: its templates may name more inputs
        if consumed.pagination is not None:
            check_outputs_of_list(exposed.output_parameters, consumed.pagination.items, self.context)
        execution: Execution
        if exposed.call is None:
            contract, execution = linker.link_mock(), Mock(shapes)
        else:
            contract, request = linker.link()
            execution = Call(request, self._link_response(expose, exposed, consumed, shapes))
        if contract.open and not tool:
            contract = replace(contract, open=False)
        description = exposed.description or consumed.operation.description or ""
        return Operation(f"{expose.namespace}.{name}", contract, execution, description)

    def _share(
        self, name: str, exposed: Exposed, shared: LinkedFunction, inputs: Mapping[str, Input]
    ) -> Operation | None:
        """Return the operation of a function, as a part that refers to it exposes it."""
        operation = shared.operation
        if operation is None:
            return None
        contract = place_inputs(operation.contract, inputs)
        return Operation(name, contract, operation.execution, exposed.description or operation.description)

    def _list_names(
        self, holder: ExposeWithOperations | Aggregate, reference: FunctionReference | None
    ) -> tuple[str, ...]:
        """Return the names by which values may call the inputs of an operation."""
        if isinstance(holder, Aggregate):
            return (*holder.names, *self.context.namespaces.exposed)
        if reference is None or not reference.inherited & _WITH_VALUES:
            return holder.names
        first, last = reference.aggregate.names, holder.names
        if not reference.inherited & {"with_", "steps"}:
            first, last = last, first
        return tuple(dict.fromkeys((*first, *last, *self.context.namespaces.exposed)))

    def _check_steps(self, exposed: Exposed) -> None:
        """Report steps and mappings without effect."""
        if exposed.steps and exposed.call is not None:
            self.context.report(rules.NO_EFFECT_BESIDE_CALL(), exposed.get_path("steps"), key=True)
        elif exposed.mappings and not exposed.steps:
            self.context.report(rules.NO_EFFECT_WITHOUT_STEPS(), exposed.get_path("mappings"), key=True)

    def _link_workflow(
        self,
        expose: ExposeWithOperations | Aggregate,
        exposed: Exposed,
        name: str,
        names: tuple[str, ...],
        inputs: dict[str, Input],
        fixed: Mapping[str, Term],
        *,
        tool: bool,
        displaced: Mapping[str, Input],
    ) -> Operation | None:
        """Link an operation with steps; None if a step is unknown, which is reported."""
        from naftiko_runtime.link.steps.workflow import WorkflowLinker  # noqa: PLC0415 - few documents have steps
        from naftiko_runtime.link.steps.workflow_context import WorkflowScope  # noqa: PLC0415 - few documents have steps

        named = [step for step in exposed.steps if step.name and isinstance(step.name, str)]  # unknown kinds have any
        self.check_unique(rules.DUPLICATE_NAME_STEP, named)
        valid = [self._is_valid(output) for output in exposed.output_parameters]
        steps = tuple(str(step.name) for step in exposed.steps)
        scope = WorkflowScope(
            self.context, exposed, names, self._calls, inputs, fixed, displaced, tool=tool, steps=steps
        )
        linker = WorkflowLinker(
            scope,
            scope.link_template,
            self._link_format,
            lambda consumed, shapes: self._link_response(expose, exposed, consumed, shapes),
        )
        linked = linker.link()
        if linked is None or not all(valid):
            return None
        contract, execution = linked
        return Operation(f"{expose.namespace}.{name}", contract, execution, exposed.description or "")

    def _link_response(
        self, expose: ExposeWithOperations | Aggregate, exposed: Exposed, consumed: Consumed, shapes: tuple[Shape, ...]
    ) -> UntouchedResponse | MappedResponse:
        bytes_max = self._find_binary_bytes_max(expose, consumed)
        if not shapes:
            return UntouchedResponse(
                consumed.media_type, bytes_max, describe_response(consumed, exposed.output_parameters)
            )
        return MappedResponse(self._link_format(consumed) or Format(), shapes)

    def _link_format(self, consumed: Consumed) -> Format | None:
        if consumed.name not in self._formats:
            from naftiko_runtime.link.decoding import link_format  # noqa: PLC0415 - most responses pass through

            self._formats[consumed.name] = link_format(consumed, self.context)
        return self._formats[consumed.name]

    def _find_binary_bytes_max(self, expose: ExposeWithOperations | Aggregate, consumed: Consumed) -> int | None:
        """Return the limit of the consumed operation, otherwise that of the expose."""
        general = None if isinstance(expose, Aggregate) else parse_binary_size(expose, self.context)
        if consumed.operation.output_raw_format != "binary":
            return None
        return general if consumed.binary_bytes_max is None else consumed.binary_bytes_max

    def _resolve_call(self, exposed: Exposed, *, tool: bool) -> Consumed | None:
        if exposed.call is None:
            refused = getattr(exposed, "ref", None) is not None or exposed.get_path("call") in self.context.unread
            if refused:  # those are reported already
                return None
            if exposed.output_parameters:
                return make_mock_target(exposed, self.context)
            # The specification allows an operation without a call, but no tool without one.
            if isinstance(exposed, AggregateFunction):
                statement = rules.MISSING_KEY_CALL_OF_FUNCTION()
            else:
                statement = rules.MISSING_KEY_CALL() if tool else rules.NOT_SERVED_WITHOUT_CALL()
            self.context.report(statement, exposed.get_path("call"))
            return None
        return self._calls.resolve(exposed.call, exposed.get_path("call"))

    def _link_shapes(self, exposed: Exposed, linker: CallLinker) -> tuple[Shape, ...]:
        """Return the shapes of a result. Empty if the response is untouched, or an output has an error."""
        outputs = exposed.output_parameters
        valid = [self._is_valid(output) for output in outputs]
        if not all(valid):
            return ()

        def link_template(output: Output) -> Term:
            return linker.link_output(output.value or "", output.get_path("value"))

        if exposed.call is None:
            check_mock(outputs, self.context)
            self.check_unique(rules.DUPLICATE_NAME_OUTPUT, [output for output in outputs if output.name])
            return link_mock_shapes(outputs, link_template)
        return link_shapes(outputs, link_template)

    def _is_valid(self, output: Output) -> bool:
        """Check the expressions of an output and of its inner outputs; report each error."""
        valid = [self._is_valid(inner) for inner in output.iter_inner()]
        value = output.value
        if value is not None and not _is_reference(value) and not has_type(convert_constant(output), output.type):
            self.context.report(rules.INVALID_VALUE_OUTPUT(value=value, type=output.type), output.get_path("value"))
        try:
            if isinstance(output.mapping, str):
                compile_path(output.mapping)
        except JsonPathError as error:
            template = _TEMPLATE.fullmatch(str(output.mapping))
            statement = (
                rules.JSONPATH(problem=error.problem)
                if template is None
                else rules.JSONPATH_TEMPLATE(written=template[0], name=template["name"])
            )
            self.context.report(statement, output.get_path("mapping"))
            return False
        return all(valid)

    def check_unique(self, twice: Message, named: Iterable[Any]) -> None:
        """Report parts that have the same name as an earlier one."""
        seen: dict[str, Any] = {}
        for part in named:
            if (first := seen.setdefault(part.name, part)) is not part:
                related = self.context.find_span(first.get_path("name"))
                self.context.report(twice(name=part.name), part.get_path("name"), related=related)


def _is_reference(value: str) -> bool:
    """Return whether a value of an output is a reference or a template, whose type is known only when it is called."""
    return "{{" in value or _REFERENCE.match(value) is not None
