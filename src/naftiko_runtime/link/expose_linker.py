"""Links the operations of exposes of every kind: their calls, mocks and output shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.binary_response_limits import parse_binary_size
from naftiko_runtime.link.call import CallLinker
from naftiko_runtime.link.mocks import check_mock, make_mock_target
from naftiko_runtime.link.output_shapes import convert_constant, link_mock_shapes, link_shapes
from naftiko_runtime.link.reference_syntax import INPUTS, PREFIXES
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
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.plan import Execution, ServedPart, Shape, Term, Upstream
    from naftiko_runtime.rules import Message, Statement
    from naftiko_runtime.source import KeyPath

_REFERENCE: Final = compile_lazily(rf"\$(?:this\b|input|\{{|[.\[])|(?:{'|'.join((*PREFIXES, INPUTS))})\.")
_TEMPLATE: Final = compile_lazily(r"\$?\{{1,2}\s*(?:\$\.)?(?P<name>\w[\w.-]*)\s*\}{1,2}")
"""A name in braces, where a JSONPath belongs."""
ANY_ADDRESS: Final = "0.0.0.0"
"""The default address of an expose."""


class ExposeLinker:
    """Links the operations of exposes.

    Attributes:
        document: The document.
        upstreams: The consumed APIs.
        context: The linking run.
        parts: What was linked, by the place of what it was linked from.
    """

    def __init__(self, document: Document, upstreams: Sequence[Upstream], calls: Calls, context: Context) -> None:
        self.document = document
        self.upstreams = upstreams
        self.context = context
        self.parts: dict[KeyPath, ServedPart] = {}
        self._calls = calls
        self._formats: dict[str, Format | None] = {}

    def report_empty(self, part: Part, statement: Statement, key: str) -> None:
        """Report a part that serves nothing: at its empty key, or at the part if the key is missing."""
        written = key in part.model_fields_set
        key_path = part.get_path(key) if written else part.get_path()
        self.context.report(statement, key_path, key=written)

    def link_operation(
        self,
        expose: ExposeWithOperations,
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

        Args:
            expose: What it is part of.
            exposed: The operation.
            name: Its name for logs, in its expose.
            inputs: Its declared inputs by their names.
            fixed: Values that the document gives instead of the caller, by the names of inputs.
            tool: Whether its caller is a model, which sends arguments and needs a call.
            closed: Whether it takes no inputs but those that are declared.
            displaced: Inputs of the path that the route has no place for.
        """
        consumed = self._resolve_call(exposed, tool=tool)
        if consumed is None:
            for output in exposed.output_parameters:  # their errors do not depend on the call
                self._is_valid(output)
            return None
        linker = CallLinker(
            self.context,
            exposed,
            expose.names,
            consumed,
            inputs,
            tool=tool,
            fixed=fixed,
            closed=closed,
            displaced=displaced or {},
        )
        shapes = self._link_shapes(exposed, linker)  # before the call: its templates may name more inputs
        execution: Execution
        if exposed.call is None:
            contract, execution = linker.link_mock(), Mock(shapes)
        else:
            contract, request = linker.link()
            execution = Call(request, self._link_response(expose, exposed, consumed, shapes))
        description = exposed.description or consumed.operation.description or ""
        return Operation(f"{expose.namespace}.{name}", contract, execution, description)

    def _link_response(
        self, expose: ExposeWithOperations, exposed: Exposed, consumed: Consumed, shapes: tuple[Shape, ...]
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

    def _find_binary_bytes_max(self, expose: ExposeWithOperations, consumed: Consumed) -> int | None:
        """Return the limit of the consumed operation, otherwise that of the expose."""
        general = parse_binary_size(expose, self.context)
        if consumed.operation.output_raw_format != "binary":
            return None
        return general if consumed.binary_bytes_max is None else consumed.binary_bytes_max

    def _resolve_call(self, exposed: Exposed, *, tool: bool) -> Consumed | None:
        if exposed.call is None:
            refused = (
                exposed.ref is not None or exposed.steps is not None or exposed.get_path("call") in self.context.unread
            )
            if refused:  # those are reported already
                return None
            if exposed.output_parameters:
                return make_mock_target(exposed, self.context)
            # The specification allows an operation without a call, but no tool without one.
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
