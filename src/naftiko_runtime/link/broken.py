"""What is sound of a document with errors: ``--skip-broken`` serves it, and answers for the rest why it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import redact_finding
from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.document.exposes import McpExpose, OtherExpose, RestExpose
from naftiko_runtime.document.units import unit_of
from naftiko_runtime.link.forward import mount
from naftiko_runtime.link.substitution import find_variables
from naftiko_runtime.link.together import shape_of
from naftiko_runtime.plan import Argument, BrokenRoute, BrokenTool, Forward, McpServer, RestServer, Route, Tool
from naftiko_runtime.template import split_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import RestOperation, RestResource
    from naftiko_runtime.link import Linked
    from naftiko_runtime.plan import Plan, Server
    from naftiko_runtime.source import Steps

_HARMLESS = ("resources", "prompts", "aggregates")
"""What is not served yet beside what is: nothing else depends on it but what names it, which is reported there."""


class LeftOut(Struct, frozen=True):
    """A part that ``--skip-broken`` does not serve.

    Attributes:
        part: What it is, as an operator may call it.
        reason: Why, with the place of the error.
        expose: The namespace of an expose that is left out as a whole.
    """

    part: str
    reason: str
    expose: str | None = None


class Sound(Struct, frozen=True):
    """What can be served of a document.

    Attributes:
        plan: The plan without what an error concerns; none when that is everything.
        left_out: The rest.
        fatal: Why nothing can be served; empty when something can.
    """

    plan: Plan | None
    left_out: tuple[LeftOut, ...] = ()
    fatal: str = ""


class Errors(Struct, frozen=True):
    """What is wrong in a document.

    Attributes:
        all: Every error, also those that only follow from others: they are reasons not to serve a part as well.
        told: Those that do not follow from others.
        secrets: Credentials of the document, which no reason repeats.
    """

    all: tuple[Diagnostic, ...]
    told: frozenset[Diagnostic]
    secrets: Collection[str] = ()

    def ordered(self) -> list[Diagnostic]:
        """All errors by place, those first that do not follow from others."""
        return sorted(self.all, key=lambda error: (error not in self.told, error.span is not None, error.span))

    def reason(self, error: Diagnostic) -> str:
        """An error as the reason why something is not served."""
        return redact_finding(error, self.secrets).located_message


def keep_sound(linked: Linked, document: Document, errors: Errors, unread: frozenset[Steps]) -> Sound:
    """What can be served of a document with errors.

    Args:
        linked: The document's plan and its parts, errors and all.
        document: The parsed document.
        errors: What is wrong in it.
        unread: The places of wrong values and missing keys.
    """
    reasons: dict[Steps, str] = {}
    for error in errors.ordered():
        part = error.part or ()
        unit = unit_of(part)
        if not unit and error in errors.told:
            return Sound(None, fatal=errors.reason(error))
        if unit and (error.rule is not rules.NOT_SERVED or part[-1] not in _HARMLESS):
            reasons.setdefault(unit, errors.reason(error))
    sieve = _Sieve(linked, document, reasons, unread)
    servers = tuple(sieve.servers(document, linked.plan.servers))
    left_out = tuple(dict.fromkeys(sieve.left_out))
    if any(server.operations for server in servers):
        return Sound(_needing_less(replace(linked.plan, servers=servers)), left_out)
    return Sound(None, left_out, "nothing is left to serve")


def _needing_less(plan: Plan) -> Plan:
    """The plan without the uses of variables that only left-out parts have: a start need not have those."""
    needed = set(find_variables(plan.servers))
    bindings = (b if b.name in needed else replace(b, uses=()) for b in plan.bindings)
    return replace(plan, bindings=tuple(bindings))


class _Sieve:
    def __init__(self, linked: Linked, document: Document, reasons: dict[Steps, str], unread: frozenset[Steps]) -> None:
        self._linked = linked
        self._reasons = reasons
        self._unread = unread
        self._missing: dict[str, str] = {}
        """By namespace, why an API cannot be called at all."""
        self._unbound: dict[str, str] = {}
        """By variable, why its value is not known."""
        self.left_out: list[LeftOut] = []
        for api in (*document.consumes, *document.capability.consumes):
            if not isinstance(api, ConsumedHttp):  # an import that failed
                self._missing[api.namespace or ""] = reasons.get(api.at(), "the API it calls could not be imported")
            elif (reason := self._above(api.at())) and api.namespace not in self._missing:
                first = linked.upstreams.get(api.namespace)
                if first is None or first == api.at():
                    self._missing[api.namespace] = reason
        for bind in (*document.binds, *document.capability.binds):
            for variable in bind.keys:
                if reason := self._above(bind.at("keys", variable)):
                    self._unbound[f"{bind.namespace}.{variable}"] = reason

    # -- why something is left out --------------------------------------------------------------------------------

    def _above(self, steps: Steps) -> str | None:
        """An error in a part or in one that it belongs to."""
        return next((why for n in range(len(steps), 0, -1) if (why := self._reasons.get(steps[:n]))), None)

    def _why(self, steps: Steps, served: Any, call: str | None = None) -> str | None:
        """Why a part is left out: an error in it, above it, in what it calls, or in a variable that it needs."""
        if reason := self._above(steps):
            return reason
        if call is not None:
            consumed = self._linked.operations.get(call)
            missing = self._missing.get(call.partition(".")[0])
            if reason := (self._above(consumed.spec.at()) if consumed is not None else None) or missing:
                return reason
        return self._why_unbound(served)

    def _why_unbound(self, served: Any) -> str | None:
        needed = find_variables(served) if self._unbound else ()
        return next((self._unbound[name] for name in needed if name in self._unbound), None)

    # -- what is left ---------------------------------------------------------------------------------------------

    def servers(self, document: Document, servers: Iterable[Server]) -> Iterator[Server]:
        """Each server without its broken parts; none for what is broken as a whole."""
        linked = iter(servers)
        for expose in document.capability.exposes:
            server = None if isinstance(expose, OtherExpose) else next(linked)
            reason = self._above(expose.at()) or self._why_unbound(server.guard if server is not None else None)
            if reason is not None or server is None:
                name = getattr(expose, "namespace", None)
                what = f"the {expose.type} expose" if name is None else f"the {expose.type} expose '{name}'"
                self.left_out.append(LeftOut(what, reason or "it is not served", name))
            elif isinstance(expose, RestExpose) and isinstance(server, RestServer):
                yield self._rest(expose, server)
            elif isinstance(expose, McpExpose) and isinstance(server, McpServer):
                yield self._mcp(expose, server)

    def _rest(self, expose: RestExpose, server: RestServer) -> RestServer:
        routes: list[Route] = []
        broken: list[BrokenRoute] = []
        for resource in expose.resources:
            for operation in resource.operations:
                route = self._linked.parts.get(operation.at())
                if reason := self._why(operation.at(), route, operation.call):
                    broken += self._broken_route(expose, resource, operation, reason)
                elif isinstance(route, Route):
                    routes.append(route)
        forwards: list[Forward] = []
        mounts: list[BrokenRoute] = []
        for resource in expose.resources:
            steps = resource.at("forward")
            if resource.forward is None and steps not in self._unread:
                continue
            forward = self._linked.parts.get(steps)
            missing = self._missing.get(resource.forward.target_namespace) if resource.forward is not None else None
            if reason := self._why(steps, forward) or missing:
                mounts += self._broken_route(expose, resource, None, reason)
            elif isinstance(forward, Forward):
                forwards.append(forward)
        kept = {(route.method, shape_of(route.pattern)) for route in routes}
        kept |= {("*", shape_of(forward.pattern)) for forward in forwards}
        unique = {(one.method, shape_of(one.pattern)): one for one in reversed((*broken, *mounts))}
        left = tuple(one for key, one in reversed(unique.items()) if key not in kept)
        return replace(server, routes=tuple(routes), broken=left, forwards=tuple(forwards))

    def _broken_route(
        self, expose: RestExpose, resource: RestResource, operation: RestOperation | None, reason: str
    ) -> Iterator[BrokenRoute]:
        """The place where a caller is told why; none when it is not known."""
        method = "*" if operation is None else operation.method
        what = f"what is forwarded at {resource.path}" if operation is None else f"{method} {resource.path}"
        placed = resource.at("path") not in self._unread
        if operation is not None and operation.at("method") in self._unread:
            placed, what = False, f"an operation at {resource.path}"
        if resource.at("path") in self._unread:
            what = "a resource without a readable path"
        self.left_out.append(LeftOut(f"{what} of '{expose.namespace}'", reason))
        if not placed:
            return
        try:
            pieces = split_path(resource.path)
        except ValueError:
            return
        pattern = tuple(piece if isinstance(piece, str) else Argument(piece.name) for piece in pieces)
        yield BrokenRoute(method, resource.path, mount(pattern)[0] if method == "*" else pattern, reason)

    def _mcp(self, expose: McpExpose, server: McpServer) -> McpServer:
        tools: list[Tool] = []
        broken: dict[str, BrokenTool] = {}
        for spec in expose.tools:
            tool = self._linked.parts.get(spec.at())
            if reason := self._why(spec.at(), tool, spec.call):
                named = spec.at("name") not in self._unread
                what = f"the tool '{spec.name}'" if named else "a tool without a readable name"
                self.left_out.append(LeftOut(f"{what} of '{expose.namespace}'", reason))
                if named:
                    broken.setdefault(spec.name, BrokenTool(spec.name, reason))
            elif isinstance(tool, Tool):
                tools.append(tool)
        kept = {tool.name for tool in tools}
        left = tuple(one for name, one in broken.items() if name not in kept)
        return replace(server, tools=tuple(tools), broken=left)
