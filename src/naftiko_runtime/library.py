"""The library: load a capability, mount what it exposes in an ASGI application, or call its operations directly."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.diagnostic import DocumentError
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.mcp.tools import make_call
from naftiko_runtime.http_client import open_client
from naftiko_runtime.http_client.options import ClientOptions
from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load as load_file
from naftiko_runtime.secret import resolve
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.server.deployment import Deployment
from naftiko_runtime.server.settings import ServerSettings
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.loading import Loaded
    from naftiko_runtime.plan import Plan, Server
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Transport

_POLICY: Final = CallerPolicy(allowed_hosts=frozenset({"*"}))
"""The application around ours knows which hosts it has."""


_CHECKED: Final = Overrides(lint=True)


class LibraryError(Exception):
    """The name of an expose or of an operation is unknown, or names several."""


class ExposeSummary(Struct, frozen=True):
    """What one expose offers.

    Attributes:
        namespace: Its namespace.
        kind: ``rest``, ``mcp`` or ``skill``.
        operations: The full names of its operations, as :meth:`CapabilityClient.call` takes them.
    """

    namespace: str
    kind: str
    operations: tuple[str, ...]


class ClientResult(Struct, frozen=True):
    """The result of a call.

    Attributes:
        status: The status of the API's response; 200 for a mock.
        value: The mapped value; the bytes of the response if the operation has no output mapping.
        media_type: The media type of those bytes, without parameters.
    """

    status: int
    value: Any
    media_type: str


class LoadedCapability:
    """A loaded capability file.

    Attributes:
        file: The file.
        plan: What it declares, linked; None if it has errors.
        diagnostics: What is wrong with it, or could be better, by place.
    """

    def __init__(self, file: Path, loaded: Loaded, environment: Mapping[str, str]) -> None:
        self.file: Final = file
        self.plan: Final = loaded.plan
        self.diagnostics: Final = loaded.diagnostics
        self._environment = environment

    @property
    def exposes(self) -> tuple[ExposeSummary, ...]:
        """What each expose offers.

        Raises:
            DocumentError: The file has errors.
        """
        return tuple(
            ExposeSummary(
                server.namespace,
                server.kind,
                tuple(_name_operation(server, operation.name) for operation in server.operations),
            )
            for server in self._get_plan().servers
        )

    def asgi(self, which: str) -> CapabilityApp:
        """Return an ASGI application that serves a part of the capability.

        Args:
            which: ``rest`` or ``mcp``, or the namespace of an expose.

        Raises:
            DocumentError: The file has errors.
            LibraryError: There is no such expose, or there are several on different ports.
        """
        servers = [server for server in self._get_plan().servers if which in (server.namespace, server.kind)]
        known = {name for server in self._get_plan().servers for name in (server.namespace, server.kind)}
        if not servers:
            raise LibraryError(f"no expose '{which}'; {suggest_text(which, known, 'there are')}")
        if len(group_by_port(servers, lambda server: server)) > 1:
            names = ", ".join(f"'{server.namespace}'" for server in servers)
            raise LibraryError(f"'{which}' names exposes on several ports; name one of {names}")
        return CapabilityApp(replace(self._get_plan(), servers=tuple(servers)), self._environment)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[CapabilityClient]:
        """Open a client that calls operations without a server, as their tools and routes would.

        Raises:
            DocumentError: The file has errors.
            BindError: A variable is missing, or cannot be used.
        """
        plan = self._get_plan()
        async with bind(plan, resolve(plan, self._environment), _open_client) as bound:
            operations = {
                _name_operation(server.server, operation.operation.name): operation
                for server in bound.servers
                for _, operation in server.parts
            }
            yield CapabilityClient(operations)

    def _get_plan(self) -> Plan:
        if self.plan is None:
            raise DocumentError(self.diagnostics)
        return self.plan


class CapabilityClient:
    """Calls the operations of a capability. See :meth:`LoadedCapability.client`."""

    def __init__(self, operations: Mapping[str, BoundOperation]) -> None:
        self._operations = operations

    async def call(self, name: str, /, **inputs: Any) -> ClientResult:
        """Call an operation, and wait for its result.

        Args:
            name: ``namespace.name`` of a tool, a resource or a route; see :attr:`LoadedCapability.exposes`.
            inputs: The inputs, as JSON values.

        Raises:
            LibraryError: There is no such operation.
            Rejected: The inputs are wrong; nothing was sent.
            CallError: The call failed.
        """
        if (operation := self._operations.get(name)) is None:
            raise LibraryError(f"no operation '{name}'; {suggest_text(name, self._operations, 'there are')}")
        async with operation.run(make_call(operation, inputs)) as result:
            value = result.value if result.is_mapped else await result.read()
            return ClientResult(result.status, value, result.media_type)


class CapabilityApp:
    """An ASGI application of exposes on one port.

    A server that knows the lifespan protocol opens and closes it. An application that mounts it opens it by
    ``async with app:``; otherwise the first request does, and it stays open.
    """

    def __init__(self, plan: Plan, environment: Mapping[str, str]) -> None:
        self._plan = plan
        self._environment = environment
        self._deployment: Deployment | None = None
        self._app: App | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or follow the life of the server."""
        if scope["type"] == "lifespan":
            await self._follow_lifespan(receive, send)
        elif scope["type"] == "http":
            app = self._app or await self._open()
            await app(_remove_root(scope), receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _open(self) -> App:
        async with self._opening:
            if self._app is None:
                secrets = resolve(self._plan, self._environment)
                self._deployment = _make_deployment(self._plan, secrets)
                await self._deployment.open()
                (config,) = self._deployment.apps.values()
                self._app = config.app
            return self._app

    async def _close(self) -> None:
        deployment, self._deployment, self._app = self._deployment, None, None
        if deployment is not None:
            await deployment.close()

    async def _follow_lifespan(self, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            await receive()
            try:
                await self._open()
            except Exception as error:  # noqa: BLE001 - the server gets it, as the protocol says
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            stack.push_async_callback(self._close)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def load(
    path: str | os.PathLike[str],
    overrides: Overrides = _CHECKED,
    *,
    environment: Mapping[str, str] | None = None,
) -> LoadedCapability:
    """Load a capability file. Errors in it are in :attr:`LoadedCapability.diagnostics`.

    Args:
        path: The file.
        overrides: Values that override the document's, such as the URLs of APIs, and the strictness of its checks.
        environment: The values of its variables; by default those of the process at this time.
    """
    file = Path(path)
    return LoadedCapability(file, load_file(file, overrides), dict(os.environ if environment is None else environment))


def _open_client() -> Transport:
    return open_client(ClientOptions())


def _make_deployment(plan: Plan, secrets: Mapping[str, Secret]) -> Deployment:
    settings = ServerSettings(policy=_POLICY)
    return Deployment([ServedCapability(plan, secrets, _open_client)], settings, AppServices(_POLICY))


def _name_operation(server: Server, name: str) -> str:
    """Return the name of an operation with the namespace of its expose."""
    return name if name.startswith(f"{server.namespace}.") else f"{server.namespace}.{name}"


def _remove_root(scope: Scope) -> Scope:
    """Return the scope of a mounted application without the path of its mount."""
    root = scope.get("root_path", "")
    if not root or not scope["path"].startswith(root):
        return scope
    raw = scope.get("raw_path")
    own = {"path": scope["path"][len(root) :] or "/"}
    if raw is not None:
        encoded = root.encode()
        own["raw_path"] = (raw[len(encoded) :] or b"/") if raw.startswith(encoded) else raw
    return {**scope, **own}
