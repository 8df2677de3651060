"""MCP: one ASGI application for each port. The fast path handles plain messages, the SDK everything else."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, cast

from naftiko_runtime.exposes.mcp.compare_lists import get_topic
from naftiko_runtime.exposes.mcp.endpoint_clients import EndpointClients, wants_notifications
from naftiko_runtime.exposes.mcp.fast_path import FastPath
from naftiko_runtime.exposes.mcp.sdk_path import CheckedMessages
from naftiko_runtime.exposes.mcp.server_card import make_discovery_documents
from naftiko_runtime.exposes.mcp.server_contents import McpContents
from naftiko_runtime.origin_guard import guard_pages
from naftiko_runtime.problem_details import send_problem_document, send_verdict
from naftiko_runtime.send_response import send_bodyless
from naftiko_runtime.telemetry.metrics import MCP_MESSAGES
from naftiko_runtime.telemetry.server_requests import INSTRUMENT, ToolInstrumentation, make_route_instrument
from naftiko_runtime.telemetry.tracing import watch_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.plan import DynamicResource, McpServer, Tool
    from naftiko_runtime.telemetry.meter_and_tracer import Observer
    from naftiko_runtime.telemetry.metrics import MetricValue
    from naftiko_runtime.telemetry.request_instruments import Instrument

PATHS: Final = frozenset({"/mcp", "/"})
_ALLOW: Final = (b"allow", b"OPTIONS, POST")
_NOT_ALLOWED: Final = (
    "send each message as a POST; only a GET with 'Accept: text/event-stream' gets notifications, before 2026-07-28"
)
_NOT_ALLOWED_DELETE: Final = "send each message as a POST; a session has no state here, so there is nothing to delete"


@asynccontextmanager
async def open_mcp_app(
    bound: BoundServer[McpServer, Tool | DynamicResource],
    services: AppServices,
    members: Sequence[BoundServer[McpServer, Tool | DynamicResource]] = (),
) -> AsyncIterator[App]:
    """Open the ASGI application of the MCP exposes of one port.

    It keeps no session: a request is complete in itself, so any replica can handle it.

    Args:
        bound: The server at ``/mcp`` and ``/``.
        services: The services of the program.
        members: The servers that it merges, if any. Each is served at ``/{namespace}/mcp``.
    """
    policy, observer = services.policy, services.observer
    endpoints = _make_endpoints(bound, services, members)
    instruments = _make_instruments(observer, bound.server.namespace, endpoints)
    documents = (
        make_discovery_documents(bound.server, [member.server for member in members], policy.public_urls)
        if policy.discovery
        else {}
    )
    async with AsyncExitStack() as stack:
        for endpoint in dict.fromkeys(endpoints.values()):
            await stack.enter_async_context(endpoint.sdk)

        def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if (endpoint := endpoints.get(scope["path"])) is None:
                if (document := documents.get(scope["path"])) is not None:
                    return document.respond(scope, send)
                return send_problem_document(send, 404, "no-such-route", "MCP is served at /mcp")
            if instruments:
                scope[INSTRUMENT] = instruments[scope["path"]]
            if scope["method"] == "OPTIONS":
                return send_bodyless(send, 204, [_ALLOW])
            if bound.guard is not None and (verdict := bound.guard.check(scope)) is not None:
                return send_verdict(send, verdict, partial(handle_accepted, endpoint, scope, receive, send))
            return handle_accepted(endpoint, scope, receive, send)

        def handle_accepted(endpoint: _McpEndpoint, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            handle = endpoint.handle if scope["method"] == "POST" else endpoint.handle_other
            return handle(dict(scope["headers"]), scope, receive, send)

        server = bound.server
        yield guard_pages(
            app, policy, server.namespace, server.address, checks_origin=True, public_paths=documents.keys()
        )


@asynccontextmanager
async def open_stdio_app(
    bound: BoundServer[McpServer, Tool | DynamicResource], services: AppServices
) -> AsyncIterator[App]:
    """Open the application for standard input. Its client started the process: it is neither a page nor unknown."""
    endpoint = _McpEndpoint(bound, services, get_topic(bound.server))
    instruments = _make_instruments(services.observer, bound.server.namespace, ["stdio"])

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if instruments:
            scope[INSTRUMENT] = instruments["stdio"]
        return endpoint.handle(dict(scope["headers"]), scope, receive, send)

    async with endpoint.sdk:
        yield app


def _make_endpoints(
    bound: BoundServer[McpServer, Tool | DynamicResource],
    services: AppServices,
    members: Sequence[BoundServer[McpServer, Tool | DynamicResource]],
) -> dict[str, _McpEndpoint]:
    """Return the endpoint of each path."""
    union = _McpEndpoint(bound, services, get_topic(bound.server, alone=False))
    endpoints = dict.fromkeys((*PATHS, f"/{bound.server.namespace}/mcp"), union)
    for member in members:
        path, topic = f"/{member.server.namespace}/mcp", get_topic(member.server)
        endpoints[path] = _McpEndpoint(member, services, topic)
    endpoints |= {f"{path}/": endpoint for path, endpoint in endpoints.items() if path != "/"}
    return endpoints


def _make_instruments(observer: Observer | None, expose: str, paths: Iterable[str]) -> dict[str, Instrument]:
    """Return the instrument of each path."""
    return {} if observer is None else {path: make_route_instrument(observer, expose, path) for path in paths}


class _McpEndpoint:
    """The MCP server at one path of a port."""

    def __init__(
        self, bound: BoundServer[McpServer, Tool | DynamicResource], services: AppServices, topic: str
    ) -> None:
        name, policy, observer = bound.server.namespace, services.policy, services.observer
        contents = McpContents(bound, policy, None if observer is None else ToolInstrumentation(name, observer))
        self._traced = observer is not None and observer.tracer is not None
        body_bytes_max = policy.message_bytes_max
        self.sdk = _Sdk(contents, body_bytes_max)
        self._clients = EndpointClients(services, topic, contents.server_info)
        self._fast_path = FastPath(contents, body_bytes_max, self._clients) if policy.mcp_fast_path else None
        self._sdk_path = CheckedMessages(self.sdk, contents, body_bytes_max, name, self._clients)
        meter = None if observer is None else observer.meter
        self._counters: dict[str, MetricValue] = {}
        if meter is not None:
            for path in ("fast", "sdk"):
                self._counters[path] = meter.get_number(MCP_MESSAGES, naftiko_expose=name, path=path)

    def handle_other(
        self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        """Handle a request that is no POST: a GET may ask for notifications."""
        if scope["method"] == "GET" and wants_notifications(headers):
            return self._clients.notify(headers, scope, receive, send)
        detail = _NOT_ALLOWED_DELETE if scope["method"] == "DELETE" else _NOT_ALLOWED
        return send_problem_document(send, 405, "method-not-allowed", detail, headers=(_ALLOW,))

    def handle(self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle a POST with these headers."""
        if self._traced:
            receive, send = watch_message(headers, receive, send)
        handle = self._handle_by_sdk if b"content-encoding" in headers else self._handle_post
        return handle(scope, receive, send)

    async def _handle_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = receive if self._fast_path is None else await self._fast_path(scope, receive, send)
        if left is not None:
            await self._handle_by_sdk(scope, left, send)
        elif self._counters:
            self._counters["fast"].add()

    async def _handle_by_sdk(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._counters:
            self._counters["sdk"].add()
        await self._sdk_path(scope, receive, send)


class _SessionManager(Protocol):
    """The part of the SDK's session manager that is used here."""

    def run(self) -> AbstractAsyncContextManager[None]: ...

    async def handle_request(self, scope: Scope, receive: Receive, send: Send, *, streams: bool) -> None: ...


class SdkModule(Protocol):
    """The module ``sdk``, which is imported when it is needed."""

    def find_params_fault(self, message: dict[str, Any], version: str) -> str | None:
        """Return what is wrong with the parameters of a request. None if the SDK accepts them."""

    async def make_session_manager(self, contents: McpContents, body_bytes_max: int) -> _SessionManager:
        """Return the SDK's manager of a server with these contents."""


class _Sdk:
    """The SDK's server. The first request that needs it imports and starts it, and waits.

    The import takes half a second, in a thread, and a third of the memory. Many processes never need it.
    """

    def __init__(self, contents: McpContents, body_bytes_max: int) -> None:
        self._contents = contents
        self._body_bytes_max = body_bytes_max
        self._module: SdkModule
        self._manager: _SessionManager | None = None
        self._life: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._over = asyncio.Event()

    async def find_params_fault(self, message: dict[str, Any], version: str) -> str | None:
        """Return what is wrong with the parameters of a request. None if the SDK accepts them."""
        await self._start()
        return self._module.find_params_fault(message, version)

    async def handle(self, scope: Scope, receive: Receive, send: Send, *, streams: bool) -> None:
        """Handle a request; see :class:`naftiko_runtime.exposes.mcp.sdk_path.SdkServer`. The first one starts it."""
        manager = await self._start()
        await manager.handle_request(scope, receive, send, streams=streams)

    async def _start(self) -> _SessionManager:
        """Wait for the SDK, and return its manager. The first request starts it."""
        while self._manager is None:
            if self._life is None:
                self._begun.clear()
                self._life = asyncio.create_task(self._keep_open())
            life = self._life
            await self._begun.wait()
            if self._manager is None:
                await asyncio.shield(life)  # raises what went wrong
        return self._manager

    async def _keep_open(self) -> None:
        """Keep the SDK open. Its tasks must end in the task that started them."""
        try:
            module = await asyncio.to_thread(import_module, "naftiko_runtime.exposes.mcp.sdk_server")
            self._module = cast("SdkModule", module)
            manager = await self._module.make_session_manager(self._contents, self._body_bytes_max)
            async with manager.run():
                self._manager = manager
                self._begun.set()
                await self._over.wait()
        except BaseException:
            self._life = self._manager = None  # the next request tries again
            raise
        finally:
            self._begun.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the SDK, if it was started."""
        self._over.set()
        if self._life is not None:
            await asyncio.wait((self._life,))
