"""Addresses of host names, kept for a few seconds."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohappyeyeballs import AddrInfoType

_ADDRESSES_KEPT_MAX: Final = 1024


class Resolver:
    """Resolves names, each once at a time. Create it in a running loop."""

    __slots__ = ("_addresses", "_lookups", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._addresses: dict[tuple[str, int], tuple[float, Sequence[AddrInfoType]]] = {}
        self._lookups: dict[tuple[str, int], asyncio.Task[Sequence[AddrInfoType]]] = {}

    async def resolve(self, host: str, port: int) -> Sequence[AddrInfoType]:
        """Return the addresses of a host.

        Raises:
            OSError: The name cannot be resolved, or the client was closed meanwhile.
        """
        key, now = (host, port), self._loop.time()
        known = self._addresses.get(key)
        if known is not None and now < known[0]:
            return known[1]
        lookup = self._lookups.get(key)
        if lookup is None:
            lookup = self._lookups[key] = self._loop.create_task(self._look_up(host, port))
            lookup.add_done_callback(lambda task: self._keep(key, task))
        try:
            return await asyncio.shield(lookup)  # others may wait for it as well
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if lookup.cancelled() and task is not None and not task.cancelling():
                raise ConnectionResetError from None  # the client was closed, and the request was not cancelled
            raise

    async def _look_up(self, host: str, port: int) -> Sequence[AddrInfoType]:
        return await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    def _keep(self, key: tuple[str, int], task: asyncio.Task[Sequence[AddrInfoType]]) -> None:
        """Keep the addresses, if there are any: who waits for them gets them, or the error, from the task."""
        del self._lookups[key]
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._addresses) >= _ADDRESSES_KEPT_MAX:
            self._addresses.clear()
        self._addresses[key] = (self._loop.time() + limits.UPSTREAM_NAMES_KEPT_SECONDS, task.result())

    def close(self) -> None:
        """Cancel the lookups in progress."""
        for lookup in self._lookups.values():
            lookup.cancel()
