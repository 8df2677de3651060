"""One listening socket and the connections it accepted."""

from __future__ import annotations

import asyncio
import os
import socket
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import limits
from naftiko_runtime.http_server.connection import GatewayProtocol
from naftiko_runtime.http_server.listener_state import ListenerState
from naftiko_runtime.telemetry.metrics import ACTIVE, CONNECTIONS, REFUSED

if TYPE_CHECKING:
    from naftiko_runtime.http_server.listener_state import Service
    from naftiko_runtime.telemetry.metrics import Meter, Number

_BACKLOG: Final = 2048
_POLL_SECONDS: Final = 0.02
_CLOSE: Final = (b"connection", b"close")


class ListenError(Exception):
    """A socket cannot be opened; ``str()`` is one line that names port and owner."""


def open_socket(address: str, port: int, owner: str, *, many: bool = False) -> socket.socket:
    """A bound, listening TCP socket.

    Args:
        address: A name or an IP address.
        port: 0 for a free one.
        owner: Who listens there, for the message.
        many: Whether :func:`open_beside` is to open others.

    Raises:
        ListenError: The address does not resolve, or cannot be bound.
    """
    try:
        family, _, _, _, target = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise ListenError(f"cannot listen on {address}:{port} for {owner}: {error.strerror}") from None
    try:
        return _listening(family, target, many=many, first=True)
    except OSError as error:
        raise ListenError(f"cannot listen on {address}:{port} for {owner}: {os.strerror(error.errno or 0)}") from None


def open_beside(first: socket.socket, owner: str) -> socket.socket:
    """Another socket of the same port: the kernel divides new connections among them.

    Raises:
        ListenError: It cannot be opened.
    """
    try:
        return _listening(first.family, first.getsockname(), many=True, first=False)
    except OSError as error:
        where = ":".join(map(str, first.getsockname()[:2]))
        raise ListenError(f"cannot listen on {where} for {owner}: {os.strerror(error.errno or 0)}") from None


def _listening(family: int, target: Any, *, many: bool, first: bool) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if first:  # by itself, so that a port that another program has is taken, even if that would share it
            listening.bind(target)
        if many:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if not first:
            listening.bind(target)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def port_of(listening: socket.socket) -> int:
    """The port that is really listened on."""
    return int(listening.getsockname()[1])


class Listener:
    """A socket and what answers behind it."""

    def __init__(self, listening: socket.socket, service: Service, meter: Meter | None = None) -> None:
        self._socket = listening
        self._counts = None if meter is None else _Counts(meter, port_of(listening))
        self._state = ListenerState(service, _untold if self._counts is None else self._counts.refused)
        self._server: asyncio.Server | None = None
        self._adopted: dict[int, asyncio.Server] = {}
        self._closing = False
        self._ticked = 0.0

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        return port_of(self._socket)

    async def start(self) -> None:
        """Begin to accept."""
        self._state.tell(_headers(closing=False))
        self._server = await self._accepting(self._socket)

    async def adopt(self, number: int, listening: socket.socket) -> None:
        """Accept from another worker's socket as well, until it is released."""
        self._adopted[number] = await self._accepting(listening)

    def release(self, number: int) -> None:
        """Leave another worker's socket to it again."""
        if (server := self._adopted.pop(number, None)) is not None:
            server.close()

    async def _accepting(self, listening: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._protocol, sock=listening, backlog=_BACKLOG)

    def _protocol(self) -> GatewayProtocol:
        return GatewayProtocol(self._state)

    def swap(self, service: Service) -> list[asyncio.Task[None]]:
        """Let something else answer from the next request on, also on connections that are open.

        Returns:
            The requests in progress, which the one before still answers.
        """
        self._state.service = service
        for connection in self._connections():
            connection.swap(service)
        return list(self._state.tasks)

    def tick(self) -> None:
        """Renew the Date header, and look for callers that do not read; to be called every second."""
        self._state.tell(_headers(closing=self._closing))
        if self._counts is not None:
            self._counts.tell(len(self._state.connections), len(self._state.tasks))
        now = asyncio.get_running_loop().time()
        late, self._ticked = now - self._ticked > limits.LATE_TICK_SECONDS, now
        if not late:  # otherwise what came meanwhile was not read yet
            for connection in self._connections():
                connection.look(now)

    def _connections(self) -> list[GatewayProtocol]:
        return list(self._state.connections)

    def announce_close(self) -> None:
        """Go on accepting, but let every answer end its connection, so that balancers move on by themselves."""
        self._closing = True
        self.tick()

    def stop_accepting(self) -> None:
        """Close the socket and every idle connection; requests in progress go on."""
        self.announce_close()
        for number in tuple(self._adopted):
            self.release(number)
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

    async def closed(self) -> None:
        """Wait until every connection is gone."""
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - at the end only, and the sets are changed in many places
            await asyncio.sleep(_POLL_SECONDS)


class _Counts:
    """What is counted of a port, besides the requests that reach its application."""

    def __init__(self, meter: Meter, port: int) -> None:
        self._meter = meter
        self._port = str(port)
        self._refused: dict[str, Number] = {}
        self._connections = meter.number(CONNECTIONS, server_port=self._port)
        self._active = meter.number(ACTIVE, server_port=self._port)

    def tell(self, connections: int, requests: int) -> None:
        """Write down how many there are now."""
        self._connections.set(connections)
        self._active.set(requests)

    def refused(self, slug: str) -> None:
        """Count a request, or a connection, that was turned away."""
        if slug not in self._refused:
            self._refused[slug] = self._meter.number(REFUSED, server_port=self._port, error_type=slug)
        self._refused[slug].add()


def _untold(_slug: str) -> None:
    """Where nothing is counted."""


def _headers(*, closing: bool) -> list[tuple[bytes, bytes]]:
    date = (b"date", formatdate(usegmt=True).encode())
    return [date, _CLOSE] if closing else [date]
