"""The open resources of a set of capabilities. A reload opens another deployment and closes this one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.engine.open_credentials import derive_secrets
from naftiko_runtime.exposes.kinds import get_kind, list_mcp_servers
from naftiko_runtime.exposes.mcp.compare_lists import find_changed_lists, make_topic
from naftiko_runtime.exposes.public_documents import PublicDocuments
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.plan import STDIO_ADDRESS
from naftiko_runtime.problem_details import render_problem
from naftiko_runtime.server.listeners import make_listener, make_stdio_listener
from naftiko_runtime.telemetry.client_requests import InstrumentedTransport
from naftiko_runtime.telemetry.middleware import instrument_app
from naftiko_runtime.telemetry.server_requests import PortInstrumentation
from naftiko_runtime.upstream.interface import Shared

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.authentication.nonce_cache import NonceCache
    from naftiko_runtime.bind_plan import Bound, BoundServer
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.exposes.mcp.stdio_listener import StdioListener
    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.link.check_shared_ports import PortKey
    from naftiko_runtime.plan import Plan, ServedPart, Server
    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.settings import ServerSettings
    from naftiko_runtime.stdio_channel import StandardStreams
    from naftiko_runtime.telemetry.metrics import Meter
    from naftiko_runtime.upstream.interface import Transport


class Deployment:
    """Bound capabilities and the applications that serve them, one for each port.

    It runs in a task of its own, because the task that opens its resources has to close them.
    """

    def __init__(
        self,
        capabilities: Sequence[ServedCapability],
        settings: ServerSettings,
        services: AppServices,
        nonces: NonceCache | None = None,
    ) -> None:
        self.apps: Mapping[PortKey, AppConfig] = {}
        self._services = services
        self._observer = services.observer
        self._capabilities = capabilities
        self._settings = settings
        self._nonces = nonces
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def servers(self) -> list[Server]:
        """The servers of all capabilities."""
        return [server for one in self._capabilities for server in one.plan.servers]

    def announce_changes(self, before: Sequence[Server]) -> None:
        """Tell the clients that listen which lists differ from those of earlier servers."""
        self._services.changes.publish(find_changed_lists(list_mcp_servers(before), list_mcp_servers(self.servers)))

    def make_successor(self, capabilities: Sequence[ServedCapability]) -> Deployment:
        """Return a deployment of other capabilities, with the same settings."""
        return Deployment(capabilities, self._settings, self._services, self._nonces)

    async def open(self) -> None:
        """Open everything.

        Raises:
            BindError: A secret cannot be sent at its place. Nothing stays open.
        """
        self._task = asyncio.create_task(self._run())
        try:
            await self._opened
        except asyncio.CancelledError:
            self._closing.set()
            raise

    def listen(self, sockets: Mapping[PortKey, socket.socket], meter: Meter | None) -> dict[PortKey, Listener]:
        """Return the listeners that serve the applications on these sockets."""
        return {key: make_listener(listening, self.apps[key], meter) for key, listening in sockets.items()}

    def listen_to_stdio(self, streams: StandardStreams, on_end: Callable[[], None]) -> dict[PortKey, StdioListener]:
        """Return the listener of the server that is served over standard input and output, if there is one."""
        found: dict[PortKey, StdioListener] = {}
        for key, app in self.apps.items():
            if key.address == STDIO_ADDRESS:
                topic = make_topic(key.address, key.port, key.free)
                found[key] = make_stdio_listener(streams, app, self._services, topic, on_end)
        return found

    async def close(self) -> None:
        """Close everything; requests in progress lose their upstream."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                bound = [server for one in await self._bind_all(stack) for server in one.servers]
                groups = group_by_port(bound, lambda one: one.server)
                self.apps = {key: await self._make_app(servers, stack) for key, servers in groups.items()}
                if not self._opened.done():  # who opens it may have been cancelled
                    self._opened.set_result(None)
                await self._closing.wait()
        except BaseException as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    async def _bind_all(self, stack: AsyncExitStack) -> list[Bound]:
        """Bind the capabilities, each with its secrets, and with a client that it may share."""
        transports: dict[Callable[[], Transport], Transport] = {}
        bound: list[Bound] = []
        for one in self._capabilities:
            if self._observer is not None:
                secrets = (*one.secrets.values(), *derive_secrets(one.plan, one.secrets))
                self._observer.learn_secrets(secret.reveal() for secret in secrets)
            if (transport := transports.get(one.open_client)) is None:
                transport = transports[one.open_client] = one.open_client()
                stack.push_async_callback(transport.aclose)
            binding = bind(
                one.plan,
                one.secrets,
                partial(self._make_transport, one.plan, transport),
                deadline_seconds=self._settings.deadline_seconds,
                total_deadline_seconds=self._settings.total_deadline_seconds,
                response_bytes_max=self._settings.response_bytes_max,
                nonces=self._nonces,
                public_urls=self._services.policy.public_urls,
                exposed_headers=self._settings.exposed_headers,
                scripting=self._settings.scripting,
            )
            bound.append(await stack.enter_async_context(binding))
        return bound

    def _make_transport(self, plan: Plan, transport: Transport) -> Transport:
        """Return the transport of a capability. Several may share one client."""
        return Shared(transport) if self._observer is None else InstrumentedTransport(transport, plan, self._observer)

    async def _make_app(self, servers: Sequence[BoundServer[Server, ServedPart]], stack: AsyncExitStack) -> AppConfig:
        """Return the application of one port."""
        kind, observer = get_kind(servers[0].server), self._observer
        app = await stack.enter_async_context(kind.open_app(servers, self._services))
        if documents := {
            p: d for one in servers if one.guard is not None for p, d in one.guard.public_documents.items()
        }:
            app = PublicDocuments(app, documents)
        if observer is not None:
            namespace = "+".join(one.server.namespace for one in servers)
            app = instrument_app(app, PortInstrumentation(namespace, observer, awaits_message=kind.AWAITS_MESSAGE))
        wait = partial(kind.get_half_closed_seconds, self._settings.half_closed_seconds)
        return AppConfig(app, wait, render_problem)
