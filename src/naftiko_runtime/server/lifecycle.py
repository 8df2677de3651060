"""The lifecycle of a serving process: start listeners, serve until a stop, drain."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from naftiko_runtime.server.settings import ServerSettings

log = logging.getLogger(__name__)

_TICK_SECONDS: Final = 1.0
ABORT_SECONDS: Final = 2.0
"""How long cancelled requests may take to end."""


class Readiness(Protocol):
    """Says whether this process is ready for traffic; an :class:`asyncio.Event` is one."""

    def set(self) -> None:
        """Become ready."""

    def clear(self) -> None:
        """Become not ready."""


class DrainedListener(Protocol):
    """The part of a listener that starts and stops. A port has one, and so has standard input."""

    async def start(self) -> None:
        """Start to accept requests."""

    def announce_closing(self) -> None:
        """Tell callers, where that is possible, that the listener will close."""

    def stop_accepting(self) -> None:
        """Accept nothing more; requests in progress continue."""

    async def wait_closed(self) -> None:
        """Wait until no request is in progress."""

    def abort(self) -> int:
        """Cancel the requests in progress; return how many that were."""

    def tick(self) -> None:
        """Do the regular work. Called once a second."""


class Lifecycle:
    """Starts and stops listeners; the control port's listener starts last and stops last."""

    def __init__(
        self,
        listeners: Sequence[DrainedListener],
        control: DrainedListener | None,
        readiness: Readiness,
        settings: ServerSettings,
        heartbeat: Callable[[], None] = lambda: None,
        on_drain: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            listeners: The listeners of the exposes.
            control: The listener of the control port.
            readiness: Becomes set while the process serves.
            settings: The operator's choices.
            heartbeat: Called every second.
            on_drain: Called when the process begins to drain, to end requests that never end by themselves.
        """
        self._listeners = listeners
        self._control = control
        self._readiness = readiness
        self._settings = settings
        self._heartbeat = heartbeat
        self._on_drain = on_drain
        self._stop = asyncio.Event()
        self._force = asyncio.Event()
        self._logged_errors: set[type[Exception]] = set()

    @property
    def stopping(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Drain, from now on."""
        self._stop.set()

    def force(self) -> None:
        """Skip every wait of the drain."""
        self._force.set()

    async def serve_until_stopped(self, on_start: Callable[[], object]) -> int:
        """Serve until :meth:`stop`, then drain.

        Args:
            on_start: Called once, when every listener accepts connections.

        Returns:
            How many requests were cut off.
        """
        everyone = [*self._listeners, *([self._control] if self._control else [])]
        ticking = asyncio.create_task(self._tick(everyone))
        try:
            for listener in everyone:
                await listener.start()
            self._readiness.set()
            on_start()
            await self._stop.wait()
            return await self._drain(everyone)
        finally:
            ticking.cancel()

    async def _drain(self, everyone: list[DrainedListener]) -> int:
        """Clear readiness, wait for load balancers to notice, close listeners, and let requests in flight finish."""
        self._readiness.clear()
        self._on_drain()
        for listener in self._listeners:
            listener.announce_closing()
        if self._control is not None:
            await self._wait(asyncio.sleep(self._settings.linger_seconds))
        for listener in self._listeners:
            listener.stop_accepting()
        await self._wait(_wait_closed(self._listeners), self._settings.grace_seconds)
        cut_off = sum(listener.abort() for listener in self._listeners)
        if self._control is not None:
            self._control.stop_accepting()
        await self._finish(everyone)
        return cut_off

    async def _wait(self, work: Coroutine[object, object, None], seconds: float | None = None) -> None:
        """Wait for something until a timeout or until the drain is forced."""
        tasks = asyncio.create_task(work), asyncio.create_task(self._force.wait())
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _finish(self, everyone: list[DrainedListener]) -> None:
        """Give cancelled requests and closing connections a moment to end."""
        try:
            async with asyncio.timeout(ABORT_SECONDS):
                await _wait_closed(everyone)
        except TimeoutError:
            for listener in everyone:
                listener.abort()

    async def _tick(self, everyone: Sequence[DrainedListener]) -> None:
        """Run the regular work every second. Errors are logged and do not end it."""
        while True:
            self._run_logged(self._heartbeat)
            await asyncio.sleep(_TICK_SECONDS)
            for listener in everyone:
                self._run_logged(listener.tick)

    def _run_logged(self, work: Callable[[], None]) -> None:
        """Log an error, once for each type, because it may recur every second."""
        try:
            work()
        except Exception as error:
            if type(error) not in self._logged_errors:
                self._logged_errors.add(type(error))
                log.exception("unexpected error")


async def _wait_closed(listeners: Sequence[DrainedListener]) -> None:
    for listener in listeners:
        await listener.wait_closed()
