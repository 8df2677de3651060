"""What is sound of a document with errors: ``--skip-broken`` serves it, and answers for the rest why it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from naftiko_runtime.diagnostics import Severity
from naftiko_runtime.link.forward import mount
from naftiko_runtime.link.terms import variables
from naftiko_runtime.plan import Argument, BrokenRoute, BrokenTool, McpServer, RestServer
from naftiko_runtime.spec.consumes import ConsumedHttp
from naftiko_runtime.spec.exposes import McpExpose, OtherExpose, RestExpose
from naftiko_runtime.template import split_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.diagnostics import Diagnostic
    from naftiko_runtime.plan import Plan, Server
    from naftiko_runtime.source import Steps
    from naftiko_runtime.spec.document import Document
    from naftiko_runtime.spec.exposes import RestOperation, RestResource

ServerT = TypeVar("ServerT", RestServer, McpServer)


def sound(plan: Plan, document: Document, diagnostics: Iterable[Diagnostic]) -> Plan | None:
    """The plan without what an error concerns; nothing when an error concerns all of it, or nothing is left.

    Args:
        plan: Linked from the document, errors and all.
        document: The parsed document.
        diagnostics: What was found in it.
    """
    reasons: dict[Steps, str] = {}
    for found in diagnostics:
        if found.severity is Severity.ERROR:
            unit = _unit(found.part or ())
            if not unit:
                return None
            reasons.setdefault(unit, f"{found.span}: {found.message}")
    sieve = _Sieve(document, reasons)
    exposes = [expose for expose in document.capability.exposes if not isinstance(expose, OtherExpose)]
    servers = [s for expose, server in zip(exposes, plan.servers, strict=True) if (s := sieve.server(expose, server))]
    left = any(s.operations for s in servers)
    return _needing_less(replace(plan, servers=tuple(servers))) if left else None


def _needing_less(plan: Plan) -> Plan:
    """The plan without the uses of variables that only left-out parts have: a start need not have those."""
    needed = set(variables(plan.servers))
    bindings = (b if b.name in needed else replace(b, uses=()) for b in plan.bindings)
    return replace(plan, bindings=tuple(bindings))


def _unit(part: Steps) -> Steps:
    """The smallest part of a document that can be left out: an operation, a tool, a resource, an API, an expose."""
    root, steps = (part[:1], part[1:]) if part[:1] == ("capability",) else ((), part)
    match steps:
        case ("exposes" | "consumes", int(), "resources", int(), "operations", int(), *_):
            return (*root, *steps[:6])
        case ("exposes" | "consumes", int(), "resources" | "tools", int(), *_):
            return (*root, *steps[:4])
        case ("exposes" | "consumes", int(), *_):
            return (*root, *steps[:2])
        case _:
            return ()


class _Sieve:
    def __init__(self, document: Document, reasons: dict[Steps, str]) -> None:
        self._reasons = reasons
        self._consumed: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        for api in (*document.consumes, *document.capability.consumes):
            if not isinstance(api, ConsumedHttp):  # an import that failed
                self._missing[api.namespace or ""] = reasons.get(api.at(), "the API it calls could not be imported")
                continue
            if reason := self._reason(api.at()):
                self._missing[api.namespace] = reason
            for operation in (operation for resource in api.resources for operation in resource.operations):
                if reason := self._reason(operation.at()):
                    self._consumed[f"{api.namespace}.{operation.name}"] = reason

    def _reason(self, steps: Steps, call: str | None = None) -> str | None:
        """Why a part is left out: an error in it, above it, or in what it calls."""
        for length in range(len(steps), 0, -1):
            if reason := self._reasons.get(steps[:length]):
                return reason
        if call is None:
            return None
        return self._consumed.get(call) or self._missing.get(call.partition(".")[0])

    def server(self, expose: RestExpose | McpExpose, server: Server) -> Server | None:
        """A server without its broken parts; nothing when it is broken as a whole."""
        if self._reasons.get(expose.at()):
            return None
        if isinstance(expose, RestExpose) and isinstance(server, RestServer):
            broken = {(o.method, r.path): (r, why) for r, o, why in self._broken_routes(expose)}
            kept = tuple(route for route in server.routes if (route.method, route.path) not in broken)
            routes = (_broken_route(method, resource, why) for (method, _), (resource, why) in broken.items())
            unsound = {r.path: (r, why) for r in expose.resources if (why := self._broken_forward(r)) is not None}
            forwards = tuple(f for f in server.forwards if f.path not in unsound)
            left_out = (*routes, *(_broken_route("*", r, why) for r, why in unsound.values()))
            return replace(server, routes=kept, broken=tuple(filter(None, left_out)), forwards=forwards)
        if isinstance(expose, McpExpose) and isinstance(server, McpServer):
            tools = ((tool.name, self._reason(tool.at(), tool.call)) for tool in expose.tools)
            without = {name: why for name, why in tools if why is not None}
            left = tuple(tool for tool in server.tools if tool.name not in without)
            return replace(server, tools=left, broken=tuple(BrokenTool(n, why) for n, why in without.items()))
        return server

    def _broken_forward(self, resource: RestResource) -> str | None:
        if resource.forward is None:
            return None
        target = resource.forward.target_namespace
        return self._reason(resource.at()) or self._missing.get(target)

    def _broken_routes(self, expose: RestExpose) -> Iterator[tuple[RestResource, RestOperation, str]]:
        for resource in expose.resources:
            for operation in resource.operations:
                if reason := self._reason(operation.at(), operation.call):
                    yield resource, operation, reason


def _broken_route(method: str, resource: RestResource, reason: str) -> BrokenRoute | None:
    """The place where a caller is told why; none when the path itself does not parse."""
    try:
        pieces = split_path(resource.path)
    except ValueError:
        return None
    pattern = tuple(piece if isinstance(piece, str) else Argument(piece.name) for piece in pieces)
    return BrokenRoute(method, resource.path, mount(pattern)[0] if method == "*" else pattern, reason)
