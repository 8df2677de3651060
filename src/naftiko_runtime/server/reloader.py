"""Reads documents anew while they are served."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, assert_never

from naftiko_runtime.errors import BindError
from naftiko_runtime.link.together import grouped
from naftiko_runtime.plan import McpServer, RestServer
from naftiko_runtime.server.generation import Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.plan import Server
    from naftiko_runtime.server.listener import Listener
    from naftiko_runtime.settings import Job, ServerSettings

log = logging.getLogger(__name__)


class Reloader:
    """Reads the documents anew: opens all of them, gives listeners the new applications, lets the old ones finish."""

    def __init__(
        self,
        generation: Generation,
        jobs: Sequence[Job],
        listeners: Sequence[Listener],
        settings: ServerSettings,
        again: Callable[[], Sequence[Job]],
    ) -> None:
        self._generation = generation
        self._ports = _ports(jobs)
        self._listeners = listeners
        self._settings = settings
        self._again = again
        self._asked = asyncio.Event()
        self._ending: set[asyncio.Task[None]] = set()
        self._work = asyncio.create_task(self._watch())

    def ask(self) -> None:
        """Reload soon; asked again in the meantime, it is done once more."""
        self._asked.set()

    async def close(self) -> None:
        """Close every generation."""
        for task in (self._work, *self._ending):
            task.cancel()
        await asyncio.gather(self._work, *self._ending, return_exceptions=True)
        await self._generation.close()

    async def _watch(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._reload()
            except BindError as error:
                log.error("not reloaded", extra={"reason": str(error)})  # noqa: TRY400 - it is the operator's fault
            except Exception:  # a fault of ours, which must not end what is served
                log.exception("not reloaded")

    async def _reload(self) -> None:
        jobs = await asyncio.to_thread(self._again)
        if (ports := _ports(jobs)) != self._ports:
            raise BindError(
                (f"ports cannot change while running: {_told(self._ports)} became {_told(ports)}; restart",)
            )
        new = Generation(jobs, self._settings)
        await new.open()
        old, self._generation = self._generation, new
        running = [task for listener, app in zip(self._listeners, new.apps, strict=True) for task in listener.swap(app)]
        ending = asyncio.create_task(self._end(old, running))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        served = sum(len(server.operations) for job in jobs for server in job.plan.servers)
        log.info("reloaded", extra={"operations": served, "in_progress": len(running)})

    async def _end(self, old: Generation, running: Sequence[asyncio.Task[None]]) -> None:
        """Close what was replaced once its last request is answered, or the time for that is over."""
        try:
            if running:
                await asyncio.wait(running, timeout=self._settings.grace_seconds)
        finally:
            await old.close()


def _ports(jobs: Sequence[Job]) -> list[tuple[str, str, int]]:
    """What documents listen on: kind, address and port of every group of servers."""
    servers = [server for job in jobs for server in job.plan.servers]
    return [(kind_of(servers[g[0]]), servers[g[0]].address, servers[g[0]].port) for g in grouped(servers)]


def _told(ports: Sequence[tuple[str, str, int]]) -> str:
    return ", ".join(f"{kind} {address}:{port}" for kind, address, port in ports) or "none"


def kind_of(server: Server) -> str:
    """``rest`` or ``mcp``."""
    match server:
        case RestServer():
            return "rest"
        case McpServer():
            return "mcp"
        case _:
            assert_never(server)
