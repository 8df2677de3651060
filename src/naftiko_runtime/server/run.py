"""Runs documents until a signal says otherwise."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from naftiko_runtime.adapters.control import control_app
from naftiko_runtime.link.together import grouped
from naftiko_runtime.server.generation import Generation
from naftiko_runtime.server.listener import Listener, open_socket
from naftiko_runtime.server.reloader import Reloader, kind_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from naftiko_runtime.plan import Server
    from naftiko_runtime.settings import Job, ServerSettings

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
    again: Callable[[], Sequence[Job]],
) -> int:
    """Serve documents until SIGTERM or SIGINT, then drain. SIGHUP reads them anew.

    Args:
        jobs: The documents.
        settings: The operator's choices.
        started: Told once, when every listener accepts.
        again: Reads the documents and their variables anew, in a thread; raises :class:`BindError` for what is wrong.

    Returns:
        How many requests had to be cut off.

    Raises:
        ListenError: A port cannot be had; nothing was started.
        BindError: A secret cannot be sent where a document wants it.
    """
    servers = [server for job in jobs for server in job.plan.servers]
    groups = grouped(servers)
    sockets = _open_sockets([servers[group[0]] for group in groups], settings)
    async with AsyncExitStack() as stack:
        for listening in sockets:
            stack.callback(listening.close)
        generation = Generation(jobs, settings)
        await generation.open()
        ready = asyncio.Event()
        listeners = [Listener(s, app) for s, app in zip(sockets, generation.apps, strict=False)]
        control = Listener(sockets[-1], control_app(ready.is_set)) if settings.control else None
        reloader = Reloader(generation, jobs, listeners, settings, again)
        stack.push_async_callback(reloader.close)
        opened = [
            Opened(servers[index], servers[index].address, listening.getsockname()[1], shared=len(group) > 1)
            for group, listening in zip(groups, sockets, strict=False)
            for index in group
        ]
        if settings.control is not None:
            opened.append(Opened(None, settings.control[0], sockets[-1].getsockname()[1]))
        return await _Run(listeners, control, ready, settings, reloader).until_stopped(lambda: started(opened))


def _open_sockets(servers: Sequence[Server], settings: ServerSettings) -> list[socket.socket]:
    """All or none: the sockets of the servers, then the control port's."""
    opened: list[socket.socket] = []
    wanted = [(s.address, s.port, f"{kind_of(s)} expose '{s.namespace}'") for s in servers]
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


class _Run:
    """One life: listeners open, a signal, the drain."""

    def __init__(
        self,
        listeners: list[Listener],
        control: Listener | None,
        ready: asyncio.Event,
        settings: ServerSettings,
        reloader: Reloader,
    ) -> None:
        self._reloader = reloader
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
        loop.add_signal_handler(signal.SIGHUP, self._hung_up, _has_terminal())
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
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _hung_up(self, had_terminal: bool) -> None:
        """Read everything anew; but a terminal that was closed takes its program with it."""
        if had_terminal and not _has_terminal():
            self._signalled(signal.SIGHUP)
        else:
            self._reloader.ask()

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


def _has_terminal() -> bool:
    """Whether somebody started this from a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


async def _all_closed(listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        await listener.closed()


async def _tick(listeners: Sequence[Listener]) -> None:
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        for listener in listeners:
            listener.tick()
