"""One life of a process that serves: listeners open, it is told to stop, it drains."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.server.settings import ServerSettings

_TICK_SECONDS: Final = 1.0
ABORT_SECONDS: Final = 2.0
"""How long cancelled requests may take to end."""


class Readiness(Protocol):
    """Whether this process wants traffic, where whoever asks can see it."""

    def set(self) -> None:
        """It does."""

    def clear(self) -> None:
        """It does not, or no more."""


class Life:
    """Listeners, and the control port's that tells of them."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        control: Listener | None,
        ready: Readiness,
        settings: ServerSettings,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._listeners = listeners
        self._control = control
        self._ready = ready
        self._settings = settings
        self._beat = beat
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Drain, from now on."""
        self._stop.set()

    def hurry(self) -> None:
        """Do not wait for anything any longer."""
        self._hurry.set()

    async def until_stopped(self, started: Callable[[], None]) -> int:
        """Serve until told to stop, then drain; returns the number of requests that were cut off."""
        everyone = [*self._listeners, *([self._control] if self._control else [])]
        ticking = asyncio.create_task(self._tick(everyone))
        try:
            for listener in everyone:
                await listener.start()
            self._ready.set()
            started()
            await self._stop.wait()
            return await self._drain(everyone)
        finally:
            ticking.cancel()

    async def _drain(self, everyone: list[Listener]) -> int:
        """Readiness falls first; listeners close once balancers can know; requests in progress finish."""
        self._ready.clear()
        for listener in self._listeners:
            listener.announce_closing()
        if self._control is not None:
            await self._wait(asyncio.sleep(self._settings.linger_seconds))
        for listener in self._listeners:
            listener.stop_accepting()
        await self._wait(_all_closed(self._listeners), self._settings.grace_seconds)
        cut = sum(listener.abort() for listener in self._listeners)
        if self._control is not None:
            self._control.stop_accepting()
        await self._finish(everyone)
        return cut

    async def _wait(self, what: object, seconds: float | None = None) -> None:
        """Wait for something, no longer than allowed and not once there is a hurry."""
        work = asyncio.ensure_future(what)  # type: ignore[call-overload]
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((work, hurry), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, hurry):
            task.cancel()
        await asyncio.gather(work, hurry, return_exceptions=True)

    async def _finish(self, everyone: list[Listener]) -> None:
        """Give cancelled requests and closing connections a moment to end."""
        try:
            async with asyncio.timeout(ABORT_SECONDS):
                await _all_closed(everyone)
        except TimeoutError:
            for listener in everyone:
                listener.abort()

    async def _tick(self, everyone: Sequence[Listener]) -> None:
        while True:
            self._beat()
            await asyncio.sleep(_TICK_SECONDS)
            for listener in everyone:
                listener.tick()


async def _all_closed(listeners: Sequence[Listener]) -> None:
    for listener in listeners:
        await listener.wait_closed()
