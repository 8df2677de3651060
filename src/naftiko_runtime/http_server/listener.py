"""One listening socket and the connections it accepted."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.http_server.connection import Connection
from naftiko_runtime.http_server.listener_state import ListenerState
from naftiko_runtime.http_server.listening_sockets import BACKLOG, get_port

if TYPE_CHECKING:
    import socket

    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.listener_state import Metrics, OpenConnection

_POLL_SECONDS: Final = 0.02
_CLOSE: Final = (b"connection", b"close")


class Listener:
    """A socket and what answers behind it."""

    def __init__(self, listening: socket.socket, config: AppConfig, metrics: Metrics | None = None) -> None:
        self._socket = listening
        self._metrics = metrics
        self._state = ListenerState(config, metrics)
        self._server: asyncio.Server | None = None
        self._other_sockets: dict[int, asyncio.Server] = {}
        self._closing = False
        self._ticked = 0.0

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        return get_port(self._socket)

    async def start(self) -> None:
        """Begin to accept."""
        self._state.set_headers(_headers(closing=False))
        self._server = await self._start_accepting(self._socket)

    async def accept_from(self, number: int, listening: socket.socket) -> None:
        """Accept from another worker's socket as well, until it is released."""
        self._other_sockets[number] = await self._start_accepting(listening)

    def stop_accepting_from(self, number: int) -> None:
        """Leave another worker's socket to it again."""
        if (server := self._other_sockets.pop(number, None)) is not None:
            server.close()

    async def _start_accepting(self, listening: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._protocol, sock=listening, backlog=BACKLOG)

    def _protocol(self) -> Connection:
        return Connection(self._state)

    def replace_app(self, config: AppConfig) -> list[asyncio.Task[None]]:
        """Let something else answer from the next request on, also on connections that are open.

        Returns:
            The requests in progress, which the one before still answers.
        """
        self._state.config = config
        return list(self._state.tasks)

    def tick(self) -> None:
        """Renew the Date header, and look for callers that do not read; to be called every second."""
        self._state.set_headers(_headers(closing=self._closing))
        if self._metrics is not None:
            self._metrics.set_active(len(self._state.connections), len(self._state.tasks))
        now = asyncio.get_running_loop().time()
        late, self._ticked = now - self._ticked > limits.LATE_TICK_SECONDS, now
        if not late:  # otherwise what came meanwhile was not read yet
            for connection in self._connections():
                connection.check_timeouts(now)

    def _connections(self) -> list[OpenConnection]:
        return list(self._state.connections)

    def announce_closing(self) -> None:
        """Go on accepting, but let every answer end its connection, so that balancers move on by themselves."""
        self._closing = True
        self.tick()

    def stop_accepting(self) -> None:
        """Close the socket and every idle connection; requests in progress go on."""
        self.announce_closing()
        for number in tuple(self._other_sockets):
            self.stop_accepting_from(number)
        if self._server is not None:
            self._server.close()
        for connection in self._connections():
            connection.shutdown()

    def abort(self) -> int:
        """Cancel what is still in progress, drop what is still unread; returns how many requests that were."""
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        return len(tasks) + sum(connection.abort_unsent() for connection in self._connections())

    async def wait_closed(self) -> None:
        """Wait until every connection is gone."""
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - at the end only, and the sets are changed in many places
            await asyncio.sleep(_POLL_SECONDS)


def _headers(*, closing: bool) -> list[tuple[bytes, bytes]]:
    date = (b"date", formatdate(usegmt=True).encode())
    return [date, _CLOSE] if closing else [date]
