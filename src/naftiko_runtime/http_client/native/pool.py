"""Connections to upstreams: opened when none is idle, kept for a while, never more than a number of them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import TYPE_CHECKING, Final

from aiohappyeyeballs import start_connection

from naftiko_runtime import limits
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.native.connection import Connection
from naftiko_runtime.http_client.sockets import limit_unsent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohappyeyeballs import AddrInfoType

    from naftiko_runtime.transport.origin import Origin

_SWEEP_SECONDS: Final = 5.0
_ADDRESSES_KEPT_MAX: Final = 1024


class Pool:
    """The connections of one transport. To be created in a running loop."""

    def __init__(
        self,
        *,
        connections_max: int,
        connections_each_max: int,
        connect_seconds: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connections_max = connections_max
        self._connections_each_max = connections_each_max
        self._of_each: dict[str, int] = {}
        """By the key of their origin, how many connections are open, being opened or waited for."""
        self._connect_seconds = connect_seconds
        self._ssl_context = ssl_context
        self._idle: dict[str, list[Connection]] = {}
        """By the key of their origin."""
        self._open: dict[Connection, Origin] = {}
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses: dict[tuple[str, int], tuple[float, Sequence[AddrInfoType]]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[Sequence[AddrInfoType]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def idle(self, origin: Origin) -> Connection | None:
        """An idle connection, the one used last; nothing when there is none, or when others wait for one."""
        return None if self._waiting else self._pop(origin)

    def _pop(self, origin: Origin) -> Connection | None:
        connections = self._idle.get(origin.key)
        while connections:
            connection = connections.pop()
            if connection.usable and self._loop.time() - connection.idle_since < limits.UPSTREAM_IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def connect(self, origin: Origin) -> Connection:
        """A new connection, or one that became idle while no other could be opened.

        Raises:
            UpstreamOverloaded: The origin has as many as are allowed, and all are in use.
            TimeoutError: There was none in time.
            OSError, ssl.SSLError: As the system and OpenSSL tell it.
        """
        if self._closed:
            raise ConnectionResetError
        if self._is_full(origin):
            await asyncio.sleep(0)  # those that are closed already are gone then
            if self._is_full(origin):
                raise failures.make_overloaded(origin, self._connections_each_max)
        self._of_each[origin.key] = self._of_each.get(origin.key, 0) + 1
        opened = None
        try:
            async with asyncio.timeout(self._connect_seconds):
                if (connection := await self._kept_or_room(origin)) is not None:
                    return connection
                opened = await self._open_another(origin)
                return opened
        finally:
            if opened is None:
                self._count_off(origin)

    def _is_full(self, origin: Origin) -> bool:
        """Whether no connection of an origin is idle, and no other one may be opened."""
        return self._of_each.get(origin.key, 0) >= self._connections_each_max and not self._idle.get(origin.key)

    def _count_off(self, origin: Origin) -> None:
        """One connection less to an origin."""
        left = self._of_each[origin.key] - 1
        if left:
            self._of_each[origin.key] = left
        else:
            del self._of_each[origin.key]

    async def _open_another(self, origin: Origin) -> Connection:
        self._opening += 1
        try:
            return await self._opened(origin)
        except BaseException:
            self._make_room()
            raise
        finally:
            self._opening -= 1

    async def _kept_or_room(self, origin: Origin) -> Connection | None:
        """An idle connection, or nothing, once there is room for another one; who came first is first."""
        waited = False
        while True:
            if waited or not self._waiting:
                if (connection := self._pop(origin)) is not None:
                    return connection
                if len(self._open) + self._opening < self._connections_max:
                    return None
                if self._close_an_idle_one():
                    continue
            await self._wait_for_room(again=waited)
            waited = True

    def give_back(self, connection: Connection) -> None:
        """End a connection's exchange; keep it when it can carry another one."""
        if self._closed:
            connection.close()
        elif connection.release():
            connection.idle_since = self._loop.time()
            key = self._open[connection].key
            connections = self._idle.get(key)
            if connections is None:
                connections = self._idle[key] = []
            connections.append(connection)
            if self._waiting:
                self._make_room()
            if self._sweeper is None:
                self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    async def aclose(self) -> None:
        """Close every connection."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for asking in self._asking.values():
            asking.cancel()
        for connection in list(self._open):
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the sockets themselves are closed in the loop's next round

    async def _wait_for_room(self, *, again: bool) -> None:
        """Stand in line; at its head again, if somebody else was quicker to take the room."""
        room: asyncio.Future[None] = self._loop.create_future()
        if again:
            self._waiting.appendleft(room)
        else:
            self._waiting.append(room)
        try:
            await room
        except BaseException:
            if room.done() and not room.cancelled():
                self._make_room()  # it was this one's turn, which it does not take
            elif room in self._waiting:
                self._waiting.remove(room)
            raise

    def _make_room(self) -> None:
        """Let the next one in line look again."""
        while self._waiting:
            room = self._waiting.popleft()
            if not room.done():
                room.set_result(None)
                return

    async def _opened(self, origin: Origin) -> Connection:
        addresses = await self._resolved(origin)
        connected = await start_connection(addresses, happy_eyeballs_delay=limits.UPSTREAM_NEXT_ADDRESS_SECONDS)
        limit_unsent(connected)
        try:
            secure = self._context() if origin.scheme == "https" else None
            raw, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, self._lost), sock=connected
            )
            if secure is not None:
                connection.secure(await self._loop.start_tls(raw, connection, secure, server_hostname=origin.host))
        except BaseException as error:
            connected.close()
            if isinstance(error, ConnectionError) and origin.scheme == "https":
                raise ssl.SSLError from None  # the upstream left in the middle of the handshake
            raise
        if not connection.usable:
            raise ConnectionResetError
        self._open[connection] = origin
        return connection

    async def _resolved(self, origin: Origin) -> Sequence[AddrInfoType]:
        """The addresses of a host, believed for a few seconds."""
        key, now = (origin.host, origin.port), self._loop.time()
        known = self._addresses.get(key)
        if known is not None and now < known[0]:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = self._loop.create_task(self._look_up(*key))
            asking.add_done_callback(lambda task: self._known(key, task))
        return await asyncio.shield(asking)  # others may wait for it as well

    async def _look_up(self, host: str, port: int) -> Sequence[AddrInfoType]:
        return await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    def _known(self, key: tuple[str, int], task: asyncio.Task[Sequence[AddrInfoType]]) -> None:
        """An address was found, or not: who waits for it is told by the task."""
        del self._asking[key]
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._addresses) >= _ADDRESSES_KEPT_MAX:
            self._addresses.clear()
        self._addresses[key] = (self._loop.time() + limits.UPSTREAM_NAMES_KEPT_SECONDS, task.result())

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:  # made at the first use: it reads the system's authorities
            self._ssl_context = ssl.create_default_context()
        return self._ssl_context

    def _lost(self, connection: Connection) -> None:
        origin = self._open.pop(connection, None)
        if origin is not None:
            self._count_off(origin)
            if connection in (connections := self._idle.get(origin.key, [])):
                connections.remove(connection)
        self._make_room()

    def _close_an_idle_one(self) -> bool:
        """Make room at the expense of an upstream that is not asked now; whether there was one."""
        for connections in self._idle.values():
            if connections:
                connection = connections.pop(0)
                if (origin := self._open.pop(connection, None)) is not None:
                    self._count_off(origin)
                connection.close()
                return True
        return False

    def _sweep(self) -> None:
        """Close what has been idle for too long."""
        self._sweeper = None
        before = self._loop.time() - limits.UPSTREAM_IDLE_SECONDS
        for key in list(self._idle):
            connections = self._idle[key]
            while connections and connections[0].idle_since < before:  # the least recently used stand first
                connections.pop(0).close()
            if not connections:
                del self._idle[key]
        if self._idle and not self._closed:
            self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
