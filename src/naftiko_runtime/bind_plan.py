"""Binds a plan to secrets and a client. Only this module opens resources."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never

from naftiko_runtime import limits
from naftiko_runtime.authentication.guard import GuardServices
from naftiko_runtime.bind_workflow import Scripts, bind_workflow
from naftiko_runtime.engine.bound_operation import BoundOperation
from naftiko_runtime.engine.call import BoundCall
from naftiko_runtime.engine.deadline import Deadlines
from naftiko_runtime.engine.mock import BoundMock
from naftiko_runtime.engine.open_credentials import open_flow, open_guard
from naftiko_runtime.engine.secret_masks import combine_masks, make_masks, make_plan_masks
from naftiko_runtime.engine.shared_compiled_parts import CompiledParts
from naftiko_runtime.errors import BindError, Problem
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.formats import make_decoder
from naftiko_runtime.link.base_uri import fill_base_uris
from naftiko_runtime.plan import Call, MappedResponse, Mock, Workflow
from naftiko_runtime.public_urls import NO_PUBLIC_URLS
from naftiko_runtime.secret import describe_unusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from naftiko_runtime.authentication.flow import Flow
    from naftiko_runtime.authentication.guard import Guard
    from naftiko_runtime.authentication.nonce_cache import NonceCache
    from naftiko_runtime.engine.secret_masks import Masks
    from naftiko_runtime.formats import Decode
    from naftiko_runtime.plan import Format, Operation, Plan, ServedPart, Server, UntouchedResponse, Upstream
    from naftiko_runtime.public_urls import PublicUrls
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Transport


S = TypeVar("S", bound="Server")
P = TypeVar("P", bound="ServedPart")


@dataclass(frozen=True, slots=True)
class BoundServer(Generic[S, P]):
    """A planned server, and its callable parts with their operations."""

    server: S
    parts: tuple[tuple[P, BoundOperation], ...]
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A plan that can serve."""

    plan: Plan
    servers: tuple[BoundServer[Server, ServedPart], ...]


@asynccontextmanager
async def bind(
    plan: Plan,
    secrets: Mapping[str, Secret],
    open_client: Callable[[], Transport],
    *,
    deadline_seconds: float = limits.UPSTREAM_DEADLINE_SECONDS,
    total_deadline_seconds: float | None = None,
    response_bytes_max: int = limits.RESPONSE_BYTES_MAX,
    nonces: NonceCache | None = None,
    public_urls: PublicUrls = NO_PUBLIC_URLS,
    exposed_headers: frozenset[bytes] = frozenset(),
    scripting: bool = True,
) -> AsyncIterator[Bound]:
    """Open a plan's resources for as long as the context lasts.

    Args:
        plan: What to run.
        secrets: The variables by full name.
        open_client: Opens the client that all operations share.
        deadline_seconds: The time limit of each exchange. For a streamed response: of its head, and of each pause.
        total_deadline_seconds: The time limit from the request to the last byte of the response. None for no limit.
        response_bytes_max: The largest response that is held in memory, in bytes.
        public_urls: The URLs at which callers reach the exposes, where the operator gives them.
        exposed_headers: More response headers that callers get, in lower case.
        nonces: Signs the nonces of digest guards and rejects replays; by default each guard has its own.
        scripting: Whether the scripts of workflows run, if the document does not disable them.

    Raises:
        BindError: A secret cannot be sent at its place, or an engine for scripts is not installed.
    """
    calling = fill_base_uris(plan, {name: secret.reveal() for name, secret in secrets.items()})
    total = None if total_deadline_seconds is None else Deadlines(total_deadline_seconds)
    async with AsyncExitStack() as resources:
        transport = open_client()
        resources.push_async_callback(transport.aclose)
        binder = _Binder(
            plan,
            secrets,
            transport,
            deadlines=Deadlines(deadline_seconds, total),
            bytes_max=response_bytes_max,
            exposed_headers=exposed_headers,
            nonces=nonces,
            public_urls=public_urls,
            compiled=CompiledParts(secrets),
            scripts=Scripts(calling, enabled=scripting),
        )
        await binder.scripts.open(resources)
        binder.open_flows(resources)
        yield Bound(plan, tuple(map(binder.bind_server, calling.servers)))


@dataclass(slots=True)
class _Binder:
    """Binds the parts of a plan to what they share."""

    plan: Plan
    secrets: Mapping[str, Secret]
    transport: Transport
    deadlines: Deadlines
    bytes_max: int
    exposed_headers: frozenset[bytes]
    nonces: NonceCache | None
    public_urls: PublicUrls
    compiled: CompiledParts
    scripts: Scripts
    flows: dict[str, Flow | None] = field(default_factory=dict)
    masks: dict[str, Masks | None] = field(default_factory=dict)
    decoders: dict[Format, Decode] = field(default_factory=dict)

    def open_flows(self, resources: AsyncExitStack) -> None:
        """Open one flow for each upstream: its state, such as a token, serves all operations of that upstream."""
        called = {upstream.namespace for upstream in self.plan.called_upstreams}
        for upstream in self.plan.upstreams:
            if (name := upstream.namespace) not in called:
                continue
            flow = self.flows[name] = _open_flow(upstream, self.secrets)
            if flow is not None:
                resources.push_async_callback(flow.aclose)
            self.masks[name] = make_masks(self.plan, upstream, self.secrets, flow)

    def bind_server(self, server: Server) -> BoundServer[Server, ServedPart]:
        parts = tuple((part, self.bind_operation(part.operation)) for part in server.parts)
        return BoundServer(server, parts, self.open_guard(server))

    def open_guard(self, server: Server) -> Guard | None:
        url = self.public_urls.find(server.namespace)
        services = GuardServices(
            self.transport, self.nonces, None if url is None else url + server.url_paths[0], server.url_paths
        )
        try:
            return open_guard(server.guard, server.namespace, self.secrets, services)
        except Unrenderable as error:
            message = f"the authentication of '{server.namespace}' cannot be used: {error}"
            raise BindError([Problem(message, "correct the value", str(server.span), "unusable-variable")]) from None

    def bind_operation(self, operation: Operation) -> BoundOperation:
        execution = operation.execution
        match execution:
            case Call():
                call = self.bind_call(operation, execution)
                return BoundOperation(operation, call, self.masks[call.namespace])
            case Workflow():
                workflow = bind_workflow(
                    operation,
                    execution,
                    self.secrets,
                    self.bind_call,
                    scripts=self.scripts,
                    deadlines=self.deadlines,
                )
                masks = [self.masks[upstream.namespace] for upstream in execution.upstreams]
                if execution.script_steps:  # the text of a script's exception may have any value that it got
                    masks.append(make_plan_masks(self.secrets))
                return BoundOperation(operation, workflow, combine_masks(masks))
            case Mock():
                mock = BoundMock(operation, execution, self.compiled, deadlines=self.deadlines)
                return BoundOperation(operation, mock)
            case _:
                assert_never(execution)

    def bind_call(self, operation: Operation, call: Call) -> BoundCall:
        (upstream,) = call.upstreams
        try:
            return BoundCall(
                operation,
                call,
                self.compiled,
                self.transport,
                deadlines=self.deadlines,
                bytes_max=self.bytes_max,
                decode=self.find_decoder(call.response),
                flow=self.flows[upstream.namespace],
                masks=self.masks[upstream.namespace],
                exposed_headers=self.exposed_headers,
            )
        except Unrenderable as error:
            raise BindError([describe_unusable(self.plan, self.secrets, upstream, str(error))]) from None

    def find_decoder(self, response: UntouchedResponse | MappedResponse) -> Decode | None:
        """Return the decoder for the responses of a call. All calls of one format and schema share it."""
        if not isinstance(response, MappedResponse):
            return None
        wanted = response.format
        if (found := self.decoders.get(wanted)) is None:
            found = self.decoders[wanted] = make_decoder(wanted.name, wanted.schema, wanted.content)
        return found


def _open_flow(upstream: Upstream, secrets: Mapping[str, Secret]) -> Flow | None:
    try:
        return open_flow(upstream.credential, secrets)
    except Unrenderable as error:
        message = f"'{upstream.namespace}' cannot be called: {error}"
        advice = "give the key as PEM, or the path of a file with it"
        raise BindError([Problem(message, advice, str(upstream.span), "unusable-variable")]) from None
