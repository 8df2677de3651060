"""A bounded pool of connections to upstreams, which keeps idle ones for a while."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.certificates import TlsContexts
from naftiko_runtime.http_client.connector import Connector
from naftiko_runtime.http_client.native.connection import ClientConnection

if TYPE_CHECKING:
    from naftiko_runtime.http_client.options import ClientOptions
    from naftiko_runtime.http_client.routes import UpstreamRoute

_SWEEP_SECONDS: Final = 5.0


class Pool:
    """The connections of one client. Create it in a running loop."""

    def __init__(self, options: ClientOptions) -> None:
        self._connector = Connector(TlsContexts(options.tls))
        self._loop = asyncio.get_running_loop()
        self._connections_max = options.connections_max
        self._connections_each_max = options.connections_each_max
        self._of_each: dict[str, int] = {}
        """The number of connections that are open, being opened or waited for, by the key of their route."""
        self._connect_seconds = options.connect_seconds
        self._idle: dict[str, list[ClientConnection]] = {}
        """Idle connections, by the key of their route."""
        self._open: dict[ClientConnection, UpstreamRoute] = {}
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    def take_idle(self, route: UpstreamRoute) -> ClientConnection | None:
        """Return the idle connection that was used last; None if there is none, or if other requests wait for one."""
        return None if self._waiting else self._pop(route)

    def _pop(self, route: UpstreamRoute) -> ClientConnection | None:
        connections = self._idle.get(route.key)
        while connections:
            connection = connections.pop()
            if connection.usable and self._loop.time() - connection.idle_since < limits.UPSTREAM_IDLE_SECONDS:
                return connection
            self.discard(connection)
        return None

    async def connect(self, route: UpstreamRoute, *, drop_idle: bool = False) -> ClientConnection:
        """Open a connection, or take one that becomes idle while no other can be opened.

        Args:
            route: The route to the origin.
            drop_idle: Whether to close the idle connections first, because one of them was closed by the upstream.

        Raises:
            UpstreamOverloaded: The origin has as many connections as are allowed, and all are in use.
            TimeoutError: There was no connection in time.
            OSError, ssl.SSLError: The connection failed.
        """
        if self._closed:
            raise ConnectionResetError
        if drop_idle:
            for idle in self._idle.pop(route.key, ()):
                self.discard(idle)
        if self._is_full(route):
            raise failures.make_overloaded(route, self._connections_each_max)
        self._of_each[route.key] = self._of_each.get(route.key, 0) + 1
        opened = None
        try:
            async with asyncio.timeout(self._connect_seconds):
                if (connection := await self._wait_for_turn(route)) is not None:
                    return connection
                opened = await self._open_another(route)
                return opened
        finally:
            if opened is None:
                self._count_closed(route)

    def _is_full(self, route: UpstreamRoute) -> bool:
        """Return whether no connection to an origin is idle, and no other one may be opened."""
        return self._of_each.get(route.key, 0) >= self._connections_each_max and not self._idle.get(route.key)

    def _count_closed(self, route: UpstreamRoute) -> None:
        """Decrease the number of connections to an origin."""
        left = self._of_each[route.key] - 1
        if left:
            self._of_each[route.key] = left
        else:
            del self._of_each[route.key]

    async def _open_another(self, route: UpstreamRoute) -> ClientConnection:
        self._opening += 1
        try:
            return await self._connect_route(route)
        except BaseException:
            self._make_room()
            raise
        finally:
            self._opening -= 1

    async def _wait_for_turn(self, route: UpstreamRoute) -> ClientConnection | None:
        """Wait, in order of arrival; return an idle connection, or None once another one may be opened."""
        waited = False
        while True:
            if waited or not self._waiting:
                if (connection := self._pop(route)) is not None:
                    return connection
                if len(self._open) + self._opening < self._connections_max:
                    return None
                if self._close_least_used():
                    continue
            await self._wait_for_room(again=waited)
            waited = True

    def give_back(self, connection: ClientConnection) -> None:
        """End the exchange of a connection; keep the connection if it can carry another one."""
        if self._closed or not connection.release():
            self.discard(connection)
        else:
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

    def discard(self, connection: ClientConnection) -> None:
        """Close a connection, and count it no more: below TLS it is gone some rounds of the loop later."""
        if (route := self._open.pop(connection, None)) is not None:
            self._count_closed(route)
        connection.close()

    async def aclose(self) -> None:
        """Close every connection."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._connector.close()
        for connection in list(self._open):
            connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the sockets themselves are closed in the loop's next round

    async def _wait_for_room(self, *, again: bool) -> None:
        """Wait in the queue; at its front, if another request took the place."""
        room: asyncio.Future[None] = self._loop.create_future()
        if again:
            self._waiting.appendleft(room)
        else:
            self._waiting.append(room)
        try:
            await room
        except BaseException:
            if room.done() and not room.cancelled():
                self._make_room()  # it had a place, which it does not use
            elif room in self._waiting:
                self._waiting.remove(room)
            raise

    def _make_room(self) -> None:
        """Wake the next request in the queue."""
        while self._waiting:
            room = self._waiting.popleft()
            if not room.done():
                room.set_result(None)
                return

    async def _connect_route(self, route: UpstreamRoute) -> ClientConnection:
        transport, connection = await self._connector.connect(
            route, lambda: ClientConnection(self._loop, self._on_lost)
        )
        if route.origin.scheme == "https":
            await self._connector.start_tls(transport, connection, route.origin)
        if not connection.usable:
            raise ConnectionResetError
        self._open[connection] = route
        return connection

    def _on_lost(self, connection: ClientConnection) -> None:
        route = self._open.pop(connection, None)
        if route is not None:
            self._count_closed(route)
            if connection in (connections := self._idle.get(route.key, [])):
                connections.remove(connection)
        self._make_room()

    def _close_least_used(self) -> bool:
        """Close an idle connection to make room for another one; return whether there was one."""
        for connections in self._idle.values():
            if connections:
                self.discard(connections.pop(0))
                return True
        return False

    def _sweep(self) -> None:
        """Close connections that were idle for too long."""
        self._sweeper = None
        before = self._loop.time() - limits.UPSTREAM_IDLE_SECONDS
        for key in list(self._idle):
            connections = self._idle[key]
            while connections and connections[0].idle_since < before:  # the least recently used stand first
                self.discard(connections.pop(0))
            if not connections:
                del self._idle[key]
        if self._idle and not self._closed:
            self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
