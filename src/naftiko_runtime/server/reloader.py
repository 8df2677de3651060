"""Reads documents anew while they are served."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError
from naftiko_runtime.server.deployment import Generation
from naftiko_runtime.server.ports import check_same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.auth.nonce_cache import NonceCache
    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.server.settings import Job, ServerSettings
    from naftiko_runtime.telemetry.instruments import Observer

log = logging.getLogger(__name__)


class Succession:
    """The generation that is served, the one that is to follow it, and those that still finish."""

    def __init__(
        self,
        generation: Generation,
        listeners: Sequence[Listener],
        settings: ServerSettings,
        nonces: NonceCache | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._generation = generation
        self._nonces = nonces
        self._observer = observer
        self._next: Generation | None = None
        self._listeners = listeners
        self._settings = settings
        self._ending: set[asyncio.Task[None]] = set()

    async def prepare(self, jobs: Sequence[Job]) -> None:
        """Open all that these documents need; nothing is served of it yet.

        Raises:
            BindError: A secret cannot be sent where a document wants it; nothing stays open.
        """
        await self.abandon()
        new = Generation(jobs, self._settings, self._nonces, self._observer)
        await new.open()
        self._next = new

    def commit(self) -> int:
        """Serve what was prepared, from the next request on.

        Returns:
            How many requests are in progress, which are answered by what they began with.
        """
        if self._next is None:
            return 0
        old, self._generation, self._next = self._generation, self._next, None
        pairs = zip(self._listeners, self._generation.services, strict=True)
        running = [task for listener, service in pairs for task in listener.replace_app(service)]
        ending = asyncio.create_task(self._end(old, running))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return len(running)

    async def abandon(self) -> None:
        """Close what was prepared, and go on as before."""
        new, self._next = self._next, None
        if new is not None:
            await new.close()

    async def close(self) -> None:
        """Close every generation."""
        for task in self._ending:
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self.abandon()
        await self._generation.close()

    async def _end(self, old: Generation, running: Sequence[asyncio.Task[None]]) -> None:
        """Close what was replaced once its last request is answered, or the time for that is over."""
        try:
            if running:
                await asyncio.wait(running, timeout=self._settings.grace_seconds)
        finally:
            await old.close()
            gc.unfreeze()  # what was replaced may go


class Reloader:
    """Reads the documents anew: opens all of them, gives listeners the new applications, lets the old ones finish."""

    def __init__(
        self,
        succession: Succession,
        jobs: Sequence[Job],
        again: Callable[[], Sequence[Job]],
        count: Callable[[str], None],
    ) -> None:
        self._succession = succession
        self._count = count
        self._jobs = jobs
        self._again = again
        self._asked = asyncio.Event()
        self._work = asyncio.create_task(self._watch())

    def ask(self) -> None:
        """Reload soon; asked again in the meantime, it is done once more."""
        self._asked.set()

    async def close(self) -> None:
        """Stop reading, and close every generation."""
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        await self._succession.close()

    async def _watch(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._reload()
                self._count("reloaded")
            except BindError as error:
                self._count("failed")
                log.error("not reloaded", extra={"reason": str(error)})  # noqa: TRY400 - it is the operator's fault
            except Exception:  # a fault of ours, which must not end what is served
                self._count("failed")
                log.exception("not reloaded")

    async def _reload(self) -> None:
        jobs = await asyncio.to_thread(self._again)
        check_same(self._jobs, jobs)
        await self._succession.prepare(jobs)
        log_reloaded(jobs, self._succession.commit())


def log_reloaded(jobs: Sequence[Job], in_progress: int) -> None:
    """Say that other documents are served now."""
    served = sum(len(server.operations) for job in jobs for server in job.plan.servers)
    log.info("reloaded", extra={"operations": served, "in_progress": in_progress})
