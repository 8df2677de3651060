"""Runs documents until a signal says otherwise."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from naftiko_runtime.adapters.control import control_app
from naftiko_runtime.adapters.rest import RestApp
from naftiko_runtime.bind import bind, merged
from naftiko_runtime.link.together import grouped
from naftiko_runtime.plan import McpServer, RestServer
from naftiko_runtime.server.listener import Listener, open_socket
from naftiko_runtime.transport.base import Shared

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from naftiko_runtime.adapters.edge import App
    from naftiko_runtime.bind import Bound, BoundServer
    from naftiko_runtime.plan import Server
    from naftiko_runtime.settings import Job, ServerSettings
    from naftiko_runtime.transport.base import Transport

log = logging.getLogger(__name__)
_TICK_SECONDS: Final = 1.0
_ABORT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A socket that is listening, and for what; ``server`` is none for the control port."""

    server: Server | None
    address: str
    port: int
    shared: bool = False
    """Whether other exposes listen there, too."""


async def serve(
    jobs: Sequence[Job],
    settings: ServerSettings,
    started: Callable[[Sequence[Opened]], None],
) -> int:
    """Serve documents until SIGTERM or SIGINT, then drain.

    Args:
        jobs: The documents.
        settings: The operator's choices.
        started: Told once, when every listener accepts.

    Returns:
        How many requests had to be cut off.

    Raises:
        ListenError: A port cannot be had; nothing was started.
    """
    servers = [server for job in jobs for server in job.plan.servers]
    groups = grouped(servers)
    sockets = _open_sockets([servers[group[0]] for group in groups], settings)
    async with AsyncExitStack() as stack:
        for listening in sockets:
            stack.callback(listening.close)
        bound = [server for job in await _bound(jobs, settings, stack) for server in job.servers]
        ready = asyncio.Event()
        apps = [await _app([bound[index] for index in group], settings, stack) for group in groups]
        listeners = [Listener(s, app) for s, app in zip(sockets, apps, strict=False)]
        control = Listener(sockets[-1], control_app(ready.is_set)) if settings.control else None
        opened = [
            Opened(servers[index], servers[index].address, listening.getsockname()[1], shared=len(group) > 1)
            for group, listening in zip(groups, sockets, strict=False)
            for index in group
        ]
        if settings.control is not None:
            opened.append(Opened(None, settings.control[0], sockets[-1].getsockname()[1]))
        return await _Run(listeners, control, ready, settings).until_stopped(lambda: started(opened))


async def _bound(jobs: Sequence[Job], settings: ServerSettings, stack: AsyncExitStack) -> list[Bound]:
    """The documents, each with its secrets, and with a client that it may share."""
    transports: dict[Callable[[], Transport], Transport] = {}
    bound: list[Bound] = []
    for job in jobs:
        if (transport := transports.get(job.open_transport)) is None:
            transport = transports[job.open_transport] = job.open_transport()
            stack.push_async_callback(transport.aclose)
        binding = bind(
            job.plan,
            job.secrets,
            partial(Shared, transport),
            deadline_seconds=settings.deadline_seconds,
            response_bytes_max=settings.response_bytes_max,
        )
        bound.append(await stack.enter_async_context(binding))
    return bound


def _open_sockets(servers: Sequence[Server], settings: ServerSettings) -> list[socket.socket]:
    """All or none: the sockets of the servers, then the control port's."""
    opened: list[socket.socket] = []
    wanted = [(s.address, s.port, f"{_kind(s)} expose '{s.namespace}'") for s in servers]
    if settings.control is not None:
        wanted.append((*settings.control, "the control port"))
    try:
        for address, port, owner in wanted:
            opened.append(open_socket(address, port, owner))
    except BaseException:
        for listening in opened:
            listening.close()
        raise
    return opened


def _kind(server: Server) -> str:
    match server:
        case RestServer():
            return "rest"
        case McpServer():
            return "mcp"
        case _:
            assert_never(server)


async def _app(servers: Sequence[BoundServer], settings: ServerSettings, stack: AsyncExitStack) -> App:
    """What answers on one port."""
    server = servers[0] if len(servers) == 1 else merged(servers)
    match server.plan:
        case RestServer():
            return RestApp(server, settings.edge)
        case McpServer():
            from naftiko_runtime.adapters.mcp import mcp_app  # noqa: PLC0415 - costs over half a second of import

            return await stack.enter_async_context(mcp_app(server, settings.edge, servers if len(servers) > 1 else ()))
        case _:
            assert_never(server.plan)


class _Run:
    """One life: listeners open, a signal, the drain."""

    def __init__(
        self,
        listeners: list[Listener],
        control: Listener | None,
        ready: asyncio.Event,
        settings: ServerSettings,
    ) -> None:
        self._listeners = listeners
        self._control = control
        self._ready = ready
        self._settings = settings
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def until_stopped(self, started: Callable[[], None]) -> int:
        """Serve until a signal comes; returns the number of requests that were cut off."""
        everyone = [*self._listeners, *([self._control] if self._control else [])]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        ticking = asyncio.create_task(_tick(everyone))
        try:
            for listener in everyone:
                await listener.start()
            self._ready.set()
            started()
            await self._stop.wait()
            return await self._drain(everyone)
        finally:
            ticking.cancel()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def _signalled(self, number: signal.Signals) -> None:
        """The first signal drains; a second one is in a hurry."""
        if self._stop.is_set():
            log.warning("second signal: not waiting any longer")
            self._hurry.set()
            return
        log.info(
            "stopping",
            extra={"signal": signal.Signals(number).name, "grace_seconds": self._settings.grace_seconds},
        )
        self._stop.set()

    async def _drain(self, everyone: list[Listener]) -> int:
        """Readiness falls first; listeners close once balancers can know; requests in progress finish."""
        self._ready.clear()
        for listener in self._listeners:
            listener.announce_close()
        if self._control is not None:
            await self._wait(asyncio.sleep(self._settings.linger_seconds))
        for listener in self._listeners:
            listener.stop_accepting()
        await self._wait(_all_closed(self._listeners), self._settings.grace_seconds)
        cut = sum(listener.abort() for listener in self._listeners)
        if self._control is not None:
            self._control.stop_accepting()
        await self._finish(everyone)
        log.log(logging.WARNING if cut else logging.INFO, "stopped", extra={"cut_off": cut})
        return cut

    async def _wait(self, what: object, seconds: float | None = None) -> None:
        """Wait for something, no longer than allowed and not once a second signal has come."""
        work = asyncio.ensure_future(what)  # type: ignore[call-overload]
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((work, hurry), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, hurry):
            task.cancel()
        await asyncio.gather(work, hurry, return_exceptions=True)

    async def _finish(self, everyone: list[Listener]) -> None:
        """Give cancelled requests and closing connections a moment to end."""
        try:
            async with asyncio.timeout(_ABORT_SECONDS):
                await _all_closed(everyone)
        except TimeoutError:
            for listener in everyone:
                listener.abort()


async def _all_closed(listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        await listener.closed()


async def _tick(listeners: Sequence[Listener]) -> None:
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        for listener in listeners:
            listener.tick()
