"""The exposed side: routes and tools, each linked to what it calls."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, assert_never

from naftiko_runtime import rules
from naftiko_runtime.document.capability import Document, SharedDocument
from naftiko_runtime.document.exposes import Exposed, McpExpose, OtherExpose, RestExpose, RestOperation, RestResource
from naftiko_runtime.jsonpath import JsonPathError, compile_path
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.binary import binary_size
from naftiko_runtime.link.caching import cache_scope, ttl_ms
from naftiko_runtime.link.call import CallSite
from naftiko_runtime.link.calls import Calls
from naftiko_runtime.link.consumed import Consumed, advise_place, fold, left_import
from naftiko_runtime.link.credentials import expected
from naftiko_runtime.link.forward import Forwarding
from naftiko_runtime.link.hosts import is_absolute
from naftiko_runtime.link.inputs import declared, fixed_values
from naftiko_runtime.link.mocks import check_mock, mock
from naftiko_runtime.link.shapes import constant_value, link_mock_shapes, link_shapes
from naftiko_runtime.link.together import shape_of
from naftiko_runtime.link.untouched import declared_answer
from naftiko_runtime.mapping.output_schema import is_of
from naftiko_runtime.plan import (
    Argument,
    Call,
    Format,
    Input,
    Mapped,
    McpServer,
    Mock,
    Operation,
    RestServer,
    Route,
    Server,
    Tool,
    Untouched,
    Upstream,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.suggest import nearest_only, suggest
from naftiko_runtime.template import Placeholder, split_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from naftiko_runtime.document.base import Part
    from naftiko_runtime.document.capability import Info
    from naftiko_runtime.document.exposes import Hints, McpTool
    from naftiko_runtime.document.parameters import ExposedParameter, Output
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Execution, Forward, Shape, Term
    from naftiko_runtime.rules import Message, Statement
    from naftiko_runtime.source import Steps

_REFERENCE: Final = pattern(r"\$(?:this\b|input|\{|[.\[])|(?:rest|tools|mcp|inputParameters)\.")
_ANY_ADDRESS: Final = "0.0.0.0"
_LATER_TYPES: Final = {"skill": helps.LEAVE_OUT, "control": helps.START_CONTROL}
"""Types that are not served yet, with what an author can do instead."""
_SERVED_TYPES: Final = ("rest", "mcp")
_TYPES: Final = (*_SERVED_TYPES, *_LATER_TYPES)


def link_exposes(
    document: Document, operations: Mapping[str, Consumed], upstreams: Sequence[Upstream], context: Context
) -> tuple[tuple[Server, ...], dict[Steps, Route | Forward | Tool]]:
    """Every server that the document asks for, and what is in them by the place that it was linked from."""
    calls = Calls(document, operations, context)
    linker = _Linker(document.info, calls, Forwarding(document, upstreams, context), context)
    servers: list[Server] = []
    for expose in document.capability.exposes:
        match expose:
            case RestExpose():
                servers.append(linker.rest(expose))
            case McpExpose():
                servers.append(linker.mcp(expose))
            case OtherExpose():
                _refuse(expose, context)
            case _:
                assert_never(expose)
    if not document.capability.exposes and not isinstance(document, SharedDocument):
        _nothing_exposed(document, context)
    return tuple(servers), linker.parts


def _nothing_exposed(document: Document, context: Context) -> None:
    statement = rules.IMPORT_ONLY() if context.shared else rules.NOTHING_TO_SERVE()
    context.report(statement, document.capability.at(), key=True)


def _refuse(expose: OtherExpose, context: Context) -> None:
    steps = expose.at("type")
    if expose.type in _LATER_TYPES:
        context.report(rules.NOT_SERVED_EXPOSE(type=expose.type), steps, _LATER_TYPES[expose.type]())
        return
    if expose.import_ is not None:
        left_import(expose.at("import"), context)
        return
    if not expose.type:
        context.report(rules.MISSING_KEY(key="type"), steps, helps.ADD_EXPOSE_TYPE())
        return
    advice = suggest(expose.type, _TYPES, helps.KNOWN_TYPES)
    meant = nearest_only(expose.type, _TYPES)
    fix = respelt(context.source, steps, expose.type, meant) if meant in _SERVED_TYPES else ()
    context.report(rules.NO_SUCH_EXPOSE(type=expose.type), steps, advice, fix=fix)


class _Linker:
    def __init__(self, info: Info, calls: Calls, forwarding: Forwarding, context: Context) -> None:
        self._label, self._version = info.label, info.version
        self._calls = calls
        self._formats: dict[str, Format | None] = {}
        self._forwarding = forwarding
        self._context = context
        self.parts: dict[Steps, Route | Forward | Tool] = {}
        """What was linked, by the place of what it was linked from."""

    def rest(self, expose: RestExpose) -> RestServer:
        routes: list[tuple[Route, Steps]] = []
        unread = self._context.unread
        for resource in expose.resources:
            for operation in resource.operations:
                if (route := self._route(expose, resource, operation)) is not None:
                    self.parts[operation.at()] = route
                    routes.append((route, operation.at("method")))
        self._check_routes([(route, steps) for route, steps in routes if steps not in unread])
        for resource in expose.resources:
            if not resource.operations and resource.forward is None:
                self._report_empty(resource, rules.EMPTY_EXPOSE_RESOURCE(path=resource.path), "operations")
        if not expose.resources:
            self._report_empty(expose, rules.EMPTY_EXPOSE_ROUTES(namespace=expose.namespace), "resources")
        forwards = self._forwards(expose)
        span = self._context.span(expose.at("port"))
        address, served = expose.address or _ANY_ADDRESS, tuple(route for route, _ in routes)
        guard = expected(expose.authentication, self._context)
        return RestServer(expose.namespace, address, expose.port, span, served, guard=guard, forwards=forwards)

    def _forwards(self, expose: RestExpose) -> tuple[Forward, ...]:
        linked: dict[str, Forward] = {}
        for resource in expose.resources:
            if resource.forward is None:
                continue
            pattern = self._pattern(resource)
            forward = self._forwarding.link(expose.namespace, resource, resource.forward, pattern)
            if forward is None:
                continue
            self.parts[resource.forward.at()] = forward
            if (first := linked.setdefault(shape_of(forward.pattern), forward)) is not forward:
                statement = rules.DUPLICATE_ROUTE_FORWARD(path=resource.path, first=first.path)
                span = self._context.span(resource.at("path"))
                self._context.findings.report(statement, span, part=resource.forward.at())
        return tuple(linked.values())

    def mcp(self, expose: McpExpose) -> McpServer:
        if expose.transport != "http":
            self._refuse_transport(expose)
        elif expose.port is None:
            self._context.report(rules.MISSING_KEY(key="port"), expose.at("port"), helps.ADD_MCP_PORT())
        self._check_unique(rules.DUPLICATE_NAME_TOOL, expose.tools)
        if not expose.tools and not expose.resources and not expose.prompts:
            self._report_empty(expose, rules.EMPTY_EXPOSE_TOOLS(namespace=expose.namespace), "tools")
        tools: list[Tool] = []
        for spec in expose.tools:
            if (tool := self._tool(expose, spec)) is not None:
                self.parts[spec.at()] = tool
                tools.append(tool)
        span = self._context.span(expose.at("port"))
        address, title = expose.address or _ANY_ADDRESS, self._label or expose.namespace
        return McpServer(
            namespace=expose.namespace,
            address=address,
            port=expose.port or 0,
            span=span,
            title=title,
            instructions=expose.description,
            tools=tuple(tools),
            guard=expected(expose.authentication, self._context),
            version=self._version,
            ttl_ms=ttl_ms(expose, self._context),
            cache_scope=cache_scope(expose, self._context),
        )

    def _report_empty(self, part: Part, statement: Statement, key: str) -> None:
        """Report a part that serves nothing, where it says so, or where it says nothing."""
        written = key in part.model_fields_set
        steps = part.at(key) if written else part.at()
        self._context.report(statement, steps, key=written)

    def _refuse_transport(self, expose: McpExpose) -> None:
        steps = expose.at("transport")
        if expose.transport == "stdio":
            self._context.report(rules.NOT_SERVED_STDIO(), steps)
        else:
            advice = suggest(expose.transport, ("http", "stdio"), helps.ONE_OF)
            self._context.report(rules.INVALID_VALUE_TRANSPORT(value=expose.transport), steps, advice)

    def _route(self, expose: RestExpose, resource: RestResource, spec: RestOperation) -> Route | None:
        pattern = self._pattern(resource)
        parameters = (*spec.input_parameters, *resource.input_parameters, *expose.input_parameters)
        displaced = self._displaced(parameters, pattern)
        parameters = tuple(p for p in parameters if p.in_ != "path" or p.name not in displaced)
        inputs = _rest_inputs(parameters, pattern, self._context)
        fixed = fixed_values(parameters, (_name(p, pattern) for p in parameters), self._context)
        closed = self._context.takes_nothing(spec, resource, expose)
        name = spec.name or resource.path
        operation = self._operation(expose, spec, name, inputs, fixed, tool=False, closed=closed, displaced=displaced)
        if operation is None:
            return None
        return Route(spec.method, resource.path, pattern, operation)

    def _pattern(self, resource: RestResource) -> tuple[str | Argument, ...]:
        steps = resource.at("path")
        try:
            pieces = split_path(resource.path)
        except ValueError as error:
            self._context.report(rules.PATH(problem=str(error)), steps)
            return (resource.path,)
        if not resource.path.lstrip().startswith("/") and not is_absolute(resource.path):
            self._context.report(rules.PATH_RELATIVE(path=resource.path), steps)
        if any(isinstance(piece, str) and re.search(r"[?#\s]", piece.strip()) for piece in pieces):
            self._context.report(rules.PATH_CHARACTER(), steps)
        if any(isinstance(a, Placeholder) and isinstance(b, Placeholder) for a, b in pairwise(pieces)):
            self._context.report(rules.PATH_ADJACENT(), steps)
        names = [piece.name for piece in pieces if isinstance(piece, Placeholder)]
        for name in {name for name in names if names.count(name) > 1}:
            self._context.report(rules.DUPLICATE_NAME_PLACEHOLDER(name=name), steps)
        return tuple(piece if isinstance(piece, str) else Argument(piece.name) for piece in pieces)

    def _displaced(self, parameters: Sequence[ExposedParameter], pattern: Sequence[str | Argument]) -> dict[str, Input]:
        """The path inputs that a route has no place for: they are reported, and no declaration then."""
        names = [piece.name for piece in pattern if isinstance(piece, Argument)]
        displaced: dict[str, Input] = {}
        for parameter in parameters:
            if parameter.in_ == "path" and not any(fold(parameter.name) == fold(name) for name in names):
                advice = advise_place(parameter.name, names)
                self._context.report(rules.PATH_INPUT_IN_QUERY(name=parameter.name), parameter.at("name"), advice)
                displaced.setdefault(parameter.name, declared(parameter, parameter.name, "query", False, self._context))
        return displaced

    def _tool(self, expose: McpExpose, spec: McpTool) -> Tool | None:
        parameters = {p.name: p for p in (*expose.input_parameters, *spec.input_parameters)}.values()
        inputs = {p.name: declared(p, p.name, "body", p.required is not False, self._context) for p in parameters}
        self._check_unique(rules.DUPLICATE_NAME_INPUT, spec.input_parameters)
        fixed = fixed_values(parameters, inputs, self._context)
        closed = self._context.takes_nothing(spec, expose)
        operation = self._operation(expose, spec, spec.name, inputs, fixed, tool=True, closed=closed)
        if operation is None:
            return None
        return Tool(spec.name, spec.label, operation.description, _hints(spec.hints), operation)

    def _operation(
        self,
        expose: RestExpose | McpExpose,
        spec: Exposed,
        name: str,
        inputs: dict[str, Input],
        fixed: Mapping[str, Term],
        *,
        tool: bool,
        closed: bool,
        displaced: Mapping[str, Input] | None = None,
    ) -> Operation | None:
        consumed = self._called(spec)
        if consumed is None:
            for output in spec.output_parameters:  # wrong by themselves, whatever is called
                self._is_sound(output)
            return None
        site = CallSite(self._context, spec, expose.names, consumed, inputs, tool, fixed, closed, displaced or {})
        shapes = self._shapes(spec, site)  # before the call: its templates may name more inputs
        execution: Execution
        if spec.call is None:
            contract, execution = site.link_mock(), Mock(shapes)
        else:
            contract, request = site.link()
            execution = Call(request, self._answer(expose, spec, consumed, shapes))
        description = spec.description or consumed.spec.description or ""
        return Operation(f"{expose.namespace}.{name}", contract, execution, description)

    def _answer(
        self, expose: RestExpose | McpExpose, spec: Exposed, consumed: Consumed, shapes: tuple[Shape, ...]
    ) -> Untouched | Mapped:
        bytes_max = self._binary_bytes_max(expose, consumed)
        if not shapes:
            return Untouched(consumed.media_type, bytes_max, declared_answer(consumed, spec.output_parameters))
        return Mapped(self._format(consumed) or Format(), shapes)

    def _format(self, consumed: Consumed) -> Format | None:
        if consumed.name not in self._formats:
            from naftiko_runtime.link.decoding import link_format  # noqa: PLC0415 - most answers go through as they come

            self._formats[consumed.name] = link_format(consumed, self._context)
        return self._formats[consumed.name]

    def _binary_bytes_max(self, expose: RestExpose | McpExpose, consumed: Consumed) -> int | None:
        """The consumed operation's own limit, otherwise the expose's."""
        general = binary_size(expose, self._context)
        if consumed.spec.output_raw_format != "binary":
            return None
        return general if consumed.binary_bytes_max is None else consumed.binary_bytes_max

    def _called(self, spec: Exposed) -> Consumed | None:
        if spec.call is None:
            refused = spec.ref is not None or spec.steps is not None or spec.at("call") in self._context.unread
            if refused:  # those are reported already
                return None
            if spec.output_parameters:
                return mock(spec, self._context)
            is_allowed = isinstance(spec, RestOperation)  # by the specification
            statement = rules.NOT_SERVED_WITHOUT_CALL() if is_allowed else rules.MISSING_KEY_CALL()
            self._context.report(statement, spec.at("call"))
            return None
        return self._calls.resolve(spec.call, spec.at("call"))

    def _shapes(self, spec: Exposed, site: CallSite) -> tuple[Shape, ...]:
        """The shapes of a result; none when the answer goes through untouched, or one of them is wrong."""
        outputs = spec.output_parameters
        sound = [self._is_sound(output) for output in outputs]
        if not all(sound):
            return ()

        def link_template(output: Output) -> Term:
            return site.shown(output.value or "", output.at("value"))

        if spec.call is None:
            check_mock(outputs, self._context)
            self._check_unique(rules.DUPLICATE_NAME_OUTPUT, [output for output in outputs if output.name])
            return link_mock_shapes(outputs, link_template)
        return link_shapes(outputs, link_template)

    def _is_sound(self, output: Output) -> bool:
        """Check the expressions of an output and of all inside it; report every one that is wrong."""
        sound = [self._is_sound(inner) for inner in output.inner()]
        value = output.value
        if value is not None and not _is_reference(value) and not is_of(constant_value(output), output.type):
            self._context.report(rules.INVALID_VALUE_OUTPUT(value=value, type=output.type), output.at("value"))
        try:
            if isinstance(output.mapping, str):
                compile_path(output.mapping)
        except JsonPathError as error:
            self._context.report(rules.JSONPATH(problem=str(error)), output.at("mapping"))
            return False
        return all(sound)

    def _check_unique(self, twice: Message, named: Iterable[Any]) -> None:
        seen: dict[str, Any] = {}
        for part in named:
            if (first := seen.setdefault(part.name, part)) is not part:
                related = self._context.span(first.at("name"))
                self._context.report(twice(name=part.name), part.at("name"), related=related)

    def _check_routes(self, routes: Sequence[tuple[Route, Steps]]) -> None:
        first: dict[tuple[str, str], tuple[str, Steps]] = {}
        for route, steps in routes:
            path, place = first.setdefault((route.method, shape_of(route.pattern)), (route.path, steps))
            if place != steps:
                statement = rules.DUPLICATE_ROUTE(method=route.method, path=route.path, first=path)
                self._context.report(statement, steps, related=self._context.span(place))


def _is_reference(value: str) -> bool:
    """Whether a value of an output has the form of a reference or a template: its type shows when it is called."""
    return "{{" in value or _REFERENCE.match(value) is not None


def _rest_inputs(
    parameters: Sequence[ExposedParameter], pattern: Sequence[str | Argument], context: Context
) -> dict[str, Input]:
    """The declared inputs, and every placeholder that nobody declares as required text."""
    inputs: dict[str, Input] = {}
    for p in parameters:
        required = p.in_ == "path" or p.required is True
        name = _name(p, pattern)
        if name not in inputs:  # the operation's own comes before its resource's
            inputs[name] = declared(p, name, p.in_, required, context)
    for piece in pattern:
        if isinstance(piece, Argument):
            inputs.setdefault(piece.name, Input(piece.name, "path", "string", required=True, inferred=True))
    return inputs


def _name(parameter: ExposedParameter, pattern: Sequence[str | Argument]) -> str:
    """What an input is called: by the route's placeholder where it stands in the path."""
    return _placeholder_of(parameter.name, pattern) if parameter.in_ == "path" else parameter.name


def _placeholder_of(name: str, pattern: Sequence[str | Argument]) -> str:
    names = _names(pattern)
    return name if name in names else next((n for n in _names(pattern) if fold(n) == fold(name)), name)


def _names(pattern: Sequence[str | Argument]) -> list[str]:
    return [piece.name for piece in pattern if isinstance(piece, Argument)]


def _hints(hints: Hints | None) -> tuple[tuple[str, bool], ...]:
    """A tool's hints by MCP's names for annotations."""
    if hints is None:
        return ()
    return tuple((name, value) for name, value in _annotations(hints) if value is not None)


def _annotations(hints: Hints) -> Iterator[tuple[str, bool | None]]:
    yield "readOnlyHint", hints.read_only
    yield "destructiveHint", hints.destructive
    yield "idempotentHint", hints.idempotent
    yield "openWorldHint", hints.open_world
