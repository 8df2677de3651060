"""Links a call: how an exposed operation's inputs fill the places of the consumed one.

``with`` binds values to consumed parameters. An input also reaches the parameter of the same name.
What neither side declares is inferred from the consumed side, or passes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.link.body import link_body, make_body_of_fields
from naftiko_runtime.link.call_scope import CallReferences
from naftiko_runtime.link.consumed_operation import METHODS_WITH_BODY
from naftiko_runtime.link.exposed_inputs import OperationInputs
from naftiko_runtime.link.inputs_set_by_authentication import find_inputs_set_by_authentication
from naftiko_runtime.link.link_with_values import link_with_values
from naftiko_runtime.link.parameter_terms import ParameterTerms
from naftiko_runtime.link.step_references import StepOutputs
from naftiko_runtime.link.term_substitution import find_arguments, find_variables, substitute
from naftiko_runtime.link.unplaced_inputs import UnplacedInputs, find_declaration
from naftiko_runtime.link.with_values import WithValues
from naftiko_runtime.plan import (
    Argument,
    Contract,
    Input,
    JsonText,
    JsonTree,
    NamedTerm,
    OpenBody,
    Place,
    Request,
    Term,
    TermObject,
    WholeBody,
    YamlTree,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from naftiko_runtime.link.call_site import CallSite
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Body
    from naftiko_runtime.source import KeyPath

_PARTS: Final = ("path", "query", "headers", "cookies", "body")


class CallLinker:
    """Links one exposed operation to the consumed one that it calls.

    Args:
        context: The linking run.
        site: The exposed operation, or the step.
        names: The names of its expose.
        consumed: The operation that it calls.
        inputs: Its declared inputs by name.
        tool: Whether it is a tool, whose inputs have no places.
        fixed: Values that the document gives instead of the caller, by the names of inputs.
        closed: Whether it takes no inputs but those that are declared.
        displaced: Inputs of the path that the route has no placeholder for.
        outputs: The outputs of earlier steps, if it is a step of a workflow.
    """

    def __init__(
        self,
        context: Context,
        site: CallSite,
        names: tuple[str, ...],
        consumed: Consumed,
        inputs: dict[str, Input],
        *,
        tool: bool,
        fixed: Mapping[str, Term],
        closed: bool,
        displaced: Mapping[str, Input],
        outputs: StepOutputs | None = None,
    ) -> None:
        self._context = context
        self._site = site
        self._consumed = consumed
        self._tool = tool
        self._fixed = fixed
        self._closed = closed
        self._with = WithValues(context, site, consumed)
        self._inputs = OperationInputs(inputs, consumed, displaced)
        self._references = CallReferences(
            context, names, consumed, self._inputs, self._with, outputs or StepOutputs(context)
        )
        self._outputs: list[Term] = []
        """The templates of the outputs."""

    def link_output(self, text: str, key_path: KeyPath) -> Term:
        """Link a template of an output, which may name inputs. Call it before :meth:`link`."""
        if text.startswith(("$.", "$[")):
            self._context.report(rules.UNKNOWN_REFERENCE_PATH(path=text), key_path)
        template = self._references.link_exposed_template(text, key_path)
        self._outputs.append(template)
        term: Term = substitute(template, self._fixed)
        for name in set(find_variables(term)):
            self._context.report(rules.SECRET_SHOWN(name=name), key_path)
        return term

    def link_mock(self) -> Contract:
        """Return the contract of an operation that calls nothing."""
        for name in self._site.with_:
            self._context.report(
                rules.UNKNOWN_PARAMETER_OF_MOCK(name=name), self._site.get_path("with", name), key=True
            )
        shown = set(find_arguments(self._outputs))
        for input_ in self._inputs.by_name.values():
            if input_.name not in shown and not input_.inferred:
                where = find_declaration(self._site, input_.name)
                self._context.report(rules.UNUSED_INPUT_OF_MOCK(name=input_.name), where)
        return Contract(self._list_caller_inputs(()))

    @property
    def references(self) -> CallReferences:
        """Resolves the references of the call."""
        return self._references

    def link_step(self) -> Request:
        """Return the request of a step. It takes only what the document names: nothing passes through."""
        self._with.terms = link_with_values(self._site, self._references)
        parameters = ParameterTerms(self._site, self._tool, self._references)
        path = parameters.link_path()
        query, headers, cookies = (parameters.link_fields(place) for place in ("query", "header", "cookie"))
        body = self._link_declared_body(parameters)
        if body is None and (self._consumed.sends_body(tool=self._tool) or self._takes_typed_body()):
            body = self._link_undeclared_body((), takes_any=False)
        query += self._link_undeclared_query((), body)
        request = self._make_request(path, query, headers, cookies, body)
        return self._substitute_fixed(request)

    def finish_step(self, request: Request, placed: Collection[str]) -> set[str]:
        """Report the values under ``with`` that the step does not use; return the inputs that no caller is asked for.

        Args:
            request: The request of the step.
            placed: The inputs that any step uses.
        """
        hidden = find_inputs_set_by_authentication(self._site, self._references, placed, tool=self._tool)
        UnplacedInputs(self._site, self._references, self._tool).report((), request.query, request.body)
        return hidden

    def link(self) -> tuple[Contract, Request]:
        """Return the contract, with its inferred inputs, and the request."""
        declared = tuple(self._inputs.by_name.values())
        self._with.terms = link_with_values(self._site, self._references)
        parameters = ParameterTerms(self._site, self._tool, self._references)
        path = parameters.link_path()
        query, headers, cookies = (parameters.link_fields(place) for place in ("query", "header", "cookie"))
        body = self._link_declared_body(parameters)
        placed = {*find_arguments((path, query, headers, cookies, body)), *find_arguments(self._outputs)}
        hidden = find_inputs_set_by_authentication(self._site, self._references, placed, tool=self._tool)
        left = [input_ for input_ in declared if input_.name not in placed | hidden]
        if body is None and (self._consumed.sends_body(tool=self._tool) or self._takes_typed_body()):
            body = self._link_undeclared_body(left, takes_any=not self._declares("body", declared))
        # A tool's unnamed arguments have one place to go: the body where the method has one, otherwise the query.
        has_body = self._tool and self._consumed.sends_body(tool=True)
        open_query = not self._declares("query", declared) and not has_body
        query += self._link_undeclared_query(left, body)
        UnplacedInputs(self._site, self._references, self._tool).report(left, query, body)
        takes_any = open_query or isinstance(body, OpenBody)
        request = self._make_request(path, query, headers, cookies, body)
        request = replace(request, open_query=open_query, caller_headers=takes_any)
        inputs = allow_null(self._list_caller_inputs(hidden), (body,))
        return Contract(inputs, self._tool and takes_any), self._substitute_fixed(request)

    def _make_request(
        self,
        path: tuple[str | Term, ...],
        query: tuple[NamedTerm, ...],
        headers: tuple[NamedTerm, ...],
        cookies: tuple[NamedTerm, ...],
        body: Body | None,
    ) -> Request:
        """A request that passes nothing of the caller through."""
        self._check_pagination(query)
        return Request(
            upstream=self._consumed.upstream,
            operation=self._consumed.name,
            method=self._consumed.operation.method,
            path=path,
            query=query,
            headers=headers,
            cookies=cookies,
            body=body,
            exposed_headers=tuple(sorted(self._consumed.exposed_headers)),
            pagination=self._consumed.pagination,
        )

    def _check_pagination(self, query: tuple[NamedTerm, ...]) -> None:
        """Report a value for the query parameter that pagination sets."""
        pagination = self._consumed.pagination
        if pagination is None or not pagination.parameter:
            return
        name = pagination.parameter
        if any(term.name.lower() == name.lower() for term in query):
            where = find_declaration(self._site, name)
            self._context.report(rules.INVALID_VALUE_PAGINATION_INPUT(name=name), where)

    def _list_caller_inputs(self, hidden: Collection[str]) -> tuple[Input, ...]:
        """Return the inputs that callers give."""
        inputs = self._inputs.by_name.values()
        return tuple(input_ for input_ in inputs if input_.name not in self._fixed and input_.name not in hidden)

    def _substitute_fixed(self, request: Request) -> Request:
        if not self._fixed:
            return request
        parts = {part: substitute(getattr(request, part), self._fixed) for part in _PARTS}
        return replace(request, **parts)

    def _declares(self, place: Place, declared: Sequence[Input]) -> bool:
        """Return whether either side declares a parameter for a place; a tool's inputs may be for any."""
        consumed = self._consumed
        if self._closed or (consumed.closed and not (place == "body" and consumed.takes_any_body)):
            return True
        own = any((self._tool or input_.place == place) and input_.path is None for input_ in declared)
        return consumed.declares(place) or own

    # -- bodies ---------------------------------------------------------------------------------------------------

    def _link_declared_body(self, parameters: ParameterTerms) -> Body | None:
        """Return the body that the consumed operation describes, by template or by parameters."""
        operation = self._consumed.operation
        if self._consumed.takes_any_body:
            return make_body_of_fields(self._consumed.body_kind, parameters.link_body_fields())
        if operation.body is not None:
            body = link_body(operation.body, operation.get_path("body"), self._references)
            if body is None:  # refused: what it would have used is unknown
                self._references.failed = True
                self._with.used.update(self._with.terms)
            return body
        fields = [parameter for parameter in self._consumed.parameters if parameter.in_ == "body"]
        if len(fields) == 1 and fields[0].name == "body":
            return WholeBody(parameters.link(fields[0]))
        return JsonTree(TermObject(tuple(parameters.link_body_fields().items()))) if fields else None

    def _link_undeclared_body(self, left: Sequence[Input], *, takes_any: bool) -> Body | None:
        """Return the body that callers send when only the exposed side, or neither, describes one."""
        operation, takes_fields = self._consumed.operation, self._consumed.takes_body_fields
        values = self._with.list_unused() if takes_fields else []
        if takes_any and not values:
            return (
                OpenBody()
                if operation.body is None
                else link_body(operation.body, operation.get_path("body"), self._references)
            )
        fields: dict[str, Term] = {name: self._with.terms[name] for name in values}
        self._with.used.update(fields)
        used = set(find_arguments(tuple(fields.values())))
        if operation.body is not None:  # an operation without a body gets none
            names = [s.name for s in left if s.name not in used and (self._tool or s.place == "body")]
            fields |= {name: Argument(name) for name in names}
        return make_body_of_fields(self._consumed.body_kind, fields)

    def _takes_typed_body(self) -> bool:
        """Return whether it takes another kind of body than JSON, whatever its method."""
        return self._consumed.takes_any_body and self._consumed.body_kind != "json"

    def _link_undeclared_query(self, left: Sequence[Input], body: Body | None) -> tuple[NamedTerm, ...]:
        """Return the query fields that the consumed side does not describe: bound values and remaining inputs."""
        if self._consumed.declares("query"):
            return ()
        names = [] if self._consumed.operation.method in METHODS_WITH_BODY else self._with.list_unused()
        bound = tuple(NamedTerm(name, self._with.terms[name]) for name in names)
        self._with.used.update(names)
        used = set(find_arguments((bound, body)))
        any_place = self._tool and not self._consumed.lacks_body(tool=True)
        loose = [input_ for input_ in left if input_.name not in used and (any_place or input_.place == "query")]
        return bound + tuple(NamedTerm(input_.name, Argument(input_.name)) for input_ in loose)


def allow_null(inputs: tuple[Input, ...], bodies: Iterable[Body | None]) -> tuple[Input, ...]:
    """Allow null for inputs in a body that can have null."""
    with_null = [body for body in bodies if isinstance(body, JsonTree | YamlTree | JsonText | WholeBody)]
    if not with_null:
        return inputs
    in_body = set(find_arguments(with_null))
    return tuple(replace(input_, nullable=True) if input_.name in in_body else input_ for input_ in inputs)
