"""Reloads documents while they are served."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Protocol

from naftiko_runtime.errors import BindError
from naftiko_runtime.server.open_ports import check_same_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.link.check_shared_ports import PortKey
    from naftiko_runtime.plan import Server
    from naftiko_runtime.server.capability_to_serve import LoadCapabilities, ServedCapability
    from naftiko_runtime.server.deployment import Deployment
    from naftiko_runtime.server.settings import ServerSettings

log = logging.getLogger(__name__)


class ReloadedListener(Protocol):
    """The part of a listener that a reload uses."""

    def replace_app(self, config: AppConfig) -> list[asyncio.Task[None]]:
        """Use another application from the next request on; return the tasks of those in progress."""


class DeploymentSwap:
    """The current deployment, the next one, and those that still finish requests."""

    def __init__(
        self,
        deployment: Deployment,
        listeners: Mapping[PortKey, ReloadedListener],
        settings: ServerSettings,
    ) -> None:
        self._current = deployment
        self._next: Deployment | None = None
        self._listeners = listeners
        self._settings = settings
        self._closing: set[asyncio.Task[None]] = set()
        self._replaced: list[Sequence[Server]] = []
        """What was served before the changes that are not announced."""

    async def prepare(self, capabilities: Sequence[ServedCapability]) -> None:
        """Open everything that these capabilities need, but do not serve them yet.

        Raises:
            BindError: A secret cannot be sent at its place. Nothing stays open.
        """
        await self.abort()
        new = self._current.make_successor(capabilities)
        await new.open()
        self._next = new

    def commit(self) -> int:
        """Serve what was prepared, from the next request on.

        Returns:
            How many requests are in progress; the old deployment completes them.
        """
        if self._next is None:
            return 0
        old, self._current, self._next = self._current, self._next, None
        self._replaced.append(old.servers)
        apps = self._current.apps
        running = [task for key, listener in self._listeners.items() for task in listener.replace_app(apps[key])]
        closing = asyncio.create_task(self._close_when_done(old, running))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return len(running)

    def announce(self) -> None:
        """Tell the clients that listen what commits have changed. Call it when all processes have committed."""
        replaced, self._replaced = self._replaced, []
        if replaced:
            self._current.announce_changes(replaced[0])

    async def abort(self) -> None:
        """Close what was prepared."""
        new, self._next = self._next, None
        if new is not None:
            await new.close()

    async def close(self) -> None:
        """Close every deployment."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self.abort()
        await self._current.close()

    async def _close_when_done(self, old: Deployment, running: Sequence[asyncio.Task[None]]) -> None:
        """Close a deployment after its last request, or after the grace period."""
        try:
            if running:
                await asyncio.wait(running, timeout=self._settings.grace_seconds)
        finally:
            await old.close()
            gc.unfreeze()  # so that what was replaced is collected


class Reloader:
    """Reloads on request: loads the documents, prepares a deployment, and swaps it in."""

    def __init__(
        self,
        swap: DeploymentSwap,
        capabilities: Sequence[ServedCapability],
        load: LoadCapabilities,
        count: Callable[[str], None],
    ) -> None:
        self._swap = swap
        self._count = count
        self._capabilities = capabilities
        self._load = load
        self._requested = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def request(self) -> None:
        """Reload soon; a request during a reload leads to one more."""
        self._requested.set()

    async def close(self) -> None:
        """Stop reloading, and close every deployment."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._swap.close()

    async def _run(self) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
            try:
                await self._reload()
                self._count("reloaded")
            except BindError as error:
                self._count("failed")
                log.error("not reloaded", extra={"reason": error.reason})  # noqa: TRY400 - it is the operator's fault
            except Exception:  # an internal error, which must not end what is served
                self._count("failed")
                log.exception("not reloaded")

    async def _reload(self) -> None:
        capabilities = await asyncio.to_thread(self._load)
        check_same_ports(self._capabilities, capabilities)
        await self._swap.prepare(capabilities)
        log_reloaded(capabilities, self._swap.commit())
        self._swap.announce()


def log_reloaded(capabilities: Sequence[ServedCapability], in_progress: int) -> None:
    """Log a reload."""
    served = sum(len(server.all_parts) for one in capabilities for server in one.plan.servers)
    log.info("reloaded", extra={"operations": served, "in_progress": in_progress})
