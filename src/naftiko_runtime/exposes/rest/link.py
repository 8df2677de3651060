"""Links a REST expose of a document to a server of the plan."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.exposes.rest.link_forward import Forwarding
from naftiko_runtime.host_encoding import is_absolute
from naftiko_runtime.link.consumed_paths import advise_place
from naftiko_runtime.link.credentials import check_caller_known, check_required_scopes, link_guard
from naftiko_runtime.link.declared_inputs import link_fixed_values, link_input
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.plan import Argument, Input, RestServer, Route, remove_placeholder_names
from naftiko_runtime.rules import helps
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.suggest import find_closest
from naftiko_runtime.template import Placeholder, split_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.document.exposes import RestExpose, RestOperation, RestResource
    from naftiko_runtime.document.parameters import ExposedParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.plan import ForwardRoute
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath


def link(expose: RestExpose, linker: ExposeLinker) -> RestServer:
    """Link an expose. Errors in it are reported."""
    return _RestLinker(linker).link(expose)


class _RestLinker:
    def __init__(self, linker: ExposeLinker) -> None:
        self._linker = linker
        self._context = linker.context
        self._forwarding = Forwarding(linker.document, linker.upstreams, linker.context)

    def link(self, expose: RestExpose) -> RestServer:
        routes: list[tuple[Route, KeyPath]] = []
        unread = self._context.unread
        for resource in expose.resources:
            for operation in resource.operations:
                check_required_scopes(operation, expose.authentication, self._context)
                if (route := self._link_route(expose, resource, operation)) is not None:
                    self._linker.parts[operation.get_path()] = route
                    routes.append((route, operation.get_path("method")))
        self._check_routes([(route, key_path) for route, key_path in routes if key_path not in unread])
        for resource in expose.resources:
            if not resource.operations and resource.forward is None:
                self._linker.report_empty(resource, rules.EMPTY_EXPOSE_RESOURCE(path=resource.path), "operations")
        if not expose.resources:
            self._linker.report_empty(expose, rules.EMPTY_EXPOSE_ROUTES(namespace=expose.namespace), "resources")
        forwards = self._link_forwards(expose)
        span = self._context.find_span(expose.get_path("port"))
        served = tuple(route for route, _ in routes)
        guard = link_guard(expose.authentication, self._context)
        return RestServer(
            expose.namespace, expose.address or "", expose.port, span, served, guard=guard, forwards=forwards
        )

    def _link_forwards(self, expose: RestExpose) -> tuple[ForwardRoute, ...]:
        linked: dict[str, ForwardRoute] = {}
        for resource in expose.resources:
            if resource.forward is None:
                continue
            pattern = self._split_path(resource)
            forward = self._forwarding.link(expose.namespace, resource, resource.forward, pattern)
            if forward is None:
                continue
            key_path = resource.forward.get_path("targetNamespace")
            check_caller_known(forward.operation, expose.authentication, key_path, self._context)
            self._linker.parts[resource.forward.get_path()] = forward
            if (first := linked.setdefault(remove_placeholder_names(forward.pattern), forward)) is not forward:
                statement = rules.DUPLICATE_ROUTE_FORWARD(path=resource.path, first=first.path)
                span = self._context.find_span(resource.get_path("path"))
                self._context.findings.report(statement, span, part=resource.forward.get_path())
        return tuple(linked.values())

    def _link_route(self, expose: RestExpose, resource: RestResource, exposed: RestOperation) -> Route | None:
        pattern = self._split_path(resource)
        parameters = (*exposed.input_parameters, *resource.input_parameters, *expose.input_parameters)
        displaced = self._find_displaced(parameters, resource.path, pattern)
        parameters = tuple(p for p in parameters if p.in_ != "path" or p.name not in displaced)
        inputs = _link_inputs(parameters, pattern, self._context)
        fixed = link_fixed_values(parameters, (_name_input(p, pattern) for p in parameters), self._context)
        closed = self._context.takes_nothing(exposed, resource, expose)
        name = exposed.name or f"{exposed.method} {resource.path}"
        operation = self._linker.link_operation(
            expose, exposed, name, inputs, fixed, tool=False, closed=closed, displaced=displaced
        )
        if operation is None:
            return None
        check_caller_known(operation, expose.authentication, exposed.get_path("method"), self._context)
        return Route(exposed.method, resource.path, pattern, operation, exposed.required_scopes)

    def _split_path(self, resource: RestResource) -> tuple[str | Argument, ...]:
        key_path = resource.get_path("path")
        try:
            pieces = split_path(resource.path)
        except DescribedError as error:
            self._context.report(rules.PATH(problem=error.problem), key_path)
            return (resource.path,)
        if not resource.path.lstrip().startswith("/") and not is_absolute(resource.path):
            self._context.report(rules.PATH_RELATIVE(path=resource.path), key_path)
        if any(isinstance(piece, str) and re.search(r"[?#\s]", piece.strip()) for piece in pieces):
            self._context.report(rules.PATH_CHARACTER(), key_path)
        if any(isinstance(a, Placeholder) and isinstance(b, Placeholder) for a, b in pairwise(pieces)):
            self._context.report(rules.PATH_ADJACENT(), key_path)
        names = [piece.name for piece in pieces if isinstance(piece, Placeholder)]
        for name in {name for name in names if names.count(name) > 1}:
            self._context.report(rules.DUPLICATE_NAME_PLACEHOLDER(name=name), key_path)
        return tuple(piece if isinstance(piece, str) else Argument(piece.name) for piece in pieces)

    def _find_displaced(
        self, parameters: Sequence[ExposedParameter], path: str, pattern: Sequence[str | Argument]
    ) -> dict[str, Input]:
        """Report and return the path inputs for which the route has no placeholder."""
        names = [piece.name for piece in pattern if isinstance(piece, Argument)]
        displaced: dict[str, Input] = {}
        declared = {fold_name(parameter.name) for parameter in parameters if parameter.in_ == "path"}
        unmatched = [name for name in names if fold_name(name) not in declared]
        for parameter in parameters:
            if parameter.in_ == "path" and not any(fold_name(parameter.name) == fold_name(name) for name in names):
                advice = _advise_placeholder(parameter.name, path, names, unmatched)
                self._context.report(rules.PATH_INPUT_IN_QUERY(name=parameter.name), parameter.get_path("name"), advice)
                displaced.setdefault(
                    parameter.name, link_input(parameter, parameter.name, "query", False, self._context)
                )
        return displaced

    def _check_routes(self, routes: Sequence[tuple[Route, KeyPath]]) -> None:
        first: dict[tuple[str, str], tuple[str, KeyPath]] = {}
        for route, key_path in routes:
            path, place = first.setdefault(
                (route.method, remove_placeholder_names(route.pattern)), (route.path, key_path)
            )
            if place != key_path:
                statement = rules.DUPLICATE_ROUTE(method=route.method, path=route.path, first=path)
                self._context.report(statement, key_path, related=self._context.find_span(place))


def _advise_placeholder(name: str, path: str, names: Sequence[str], unmatched: Sequence[str]) -> Advice:
    """Advise on a path input that a route has no placeholder for.

    Args:
        name: The name of the input.
        path: The path of the route.
        names: The placeholders of the path.
        unmatched: The placeholders that no input is declared for.
    """
    if f":{name}" in path.split("/"):
        return helps.WRITE_PLACEHOLDER(name=name)
    if len(unmatched) == 1 and not find_closest(name, unmatched):
        return helps.REPLACE_PLACEHOLDER(name=name, placeholder=unmatched[0])
    return advise_place(name, names)


def _link_inputs(
    parameters: Sequence[ExposedParameter], pattern: Sequence[str | Argument], context: Context
) -> dict[str, Input]:
    """Return the declared inputs. Placeholders without a declaration become required texts."""
    inputs: dict[str, Input] = {}
    for p in parameters:
        required = p.in_ == "path" or p.required is True
        name = _name_input(p, pattern)
        if name not in inputs:  # the operation's own comes before its resource's
            inputs[name] = link_input(p, name, p.in_, required, context)
    for piece in pattern:
        if isinstance(piece, Argument):
            inputs.setdefault(piece.name, Input(piece.name, "path", "string", required=True, inferred=True))
    return inputs


def _name_input(parameter: ExposedParameter, pattern: Sequence[str | Argument]) -> str:
    """Return the name of an input. A path input has the name of its placeholder."""
    return _find_placeholder(parameter.name, pattern) if parameter.in_ == "path" else parameter.name


def _find_placeholder(name: str, pattern: Sequence[str | Argument]) -> str:
    names = _list_names(pattern)
    return name if name in names else next((n for n in _list_names(pattern) if fold_name(n) == fold_name(name)), name)


def _list_names(pattern: Sequence[str | Argument]) -> list[str]:
    return [piece.name for piece in pattern if isinstance(piece, Argument)]
