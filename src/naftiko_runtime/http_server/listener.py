"""One listening socket and the connections it accepted."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_server.connection import ServerConnection
from naftiko_runtime.http_server.listener_state import ListenerState
from naftiko_runtime.http_server.listening_sockets import BACKLOG, get_port

if TYPE_CHECKING:
    import socket

    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.listener_state import Metrics, OpenConnection
    from naftiko_runtime.http_server.server_limits import ServerLimits

_POLL_SECONDS: Final = 0.02
_CLOSE: Final = (b"connection", b"close")


class Listener:
    """A listening socket with its application."""

    def __init__(
        self, listening: socket.socket, config: AppConfig, limits: ServerLimits, metrics: Metrics | None = None
    ) -> None:
        self._socket = listening
        self._metrics = metrics
        self._state = ListenerState(config, limits, metrics)
        self._server: asyncio.Server | None = None
        self._other_sockets: dict[int, asyncio.Server] = {}
        self._closing = False
        self._ticked = 0.0

    @property
    def port(self) -> int:
        """The actual port, also if 0 was asked for."""
        return get_port(self._socket)

    async def start(self) -> None:
        """Start to accept connections."""
        self._state.set_headers(_make_headers(closing=False))
        self._server = await self._start_accepting(self._socket)

    async def accept_from(self, number: int, listening: socket.socket) -> None:
        """Accept connections from the socket of another worker as well, until :meth:`stop_accepting_from`."""
        self._other_sockets[number] = await self._start_accepting(listening)

    def stop_accepting_from(self, number: int) -> None:
        """Stop accepting connections from the socket of another worker."""
        if (server := self._other_sockets.pop(number, None)) is not None:
            server.close()

    async def _start_accepting(self, listening: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._make_connection, sock=listening, backlog=BACKLOG)

    def _make_connection(self) -> ServerConnection:
        return ServerConnection(self._state)

    def replace_app(self, config: AppConfig) -> list[asyncio.Task[None]]:
        """Use another application from the next request on, also on open connections.

        Returns:
            The tasks of the requests in progress, which the old application completes.
        """
        self._state.config = config
        return list(self._state.tasks)

    def tick(self) -> None:
        """Update the Date header and check the timeouts of connections. Call this once a second."""
        self._state.set_headers(_make_headers(closing=self._closing))
        if self._metrics is not None:
            self._metrics.set_active(len(self._state.connections), len(self._state.tasks))
        now = asyncio.get_running_loop().time()
        late, self._ticked = now - self._ticked > self._state.limits.late_tick_seconds, now
        if not late:  # otherwise bytes that arrived meanwhile are not read yet
            for connection in self._list_connections():
                connection.check_timeouts(now)

    def _list_connections(self) -> list[OpenConnection]:
        return list(self._state.connections)

    def announce_closing(self) -> None:
        """Continue to accept, but end each connection after its response, so that load balancers move away."""
        self._closing = True
        self.tick()

    def stop_accepting(self) -> None:
        """Close the socket and every idle connection; requests in progress continue."""
        self.announce_closing()
        for number in tuple(self._other_sockets):
            self.stop_accepting_from(number)
        if self._server is not None:
            self._server.close()
        for connection in self._list_connections():
            connection.shutdown()

    def abort(self) -> int:
        """Cancel the requests in progress and drop unsent responses; return how many requests that were."""
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        return len(tasks) + sum(connection.abort_unsent() for connection in self._list_connections())

    async def wait_closed(self) -> None:
        """Wait until every connection is closed."""
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - at the end only, and the sets are changed in many places
            await asyncio.sleep(_POLL_SECONDS)


def _make_headers(*, closing: bool) -> list[tuple[bytes, bytes]]:
    date = (b"date", formatdate(usegmt=True).encode())
    return [date, _CLOSE] if closing else [date]
