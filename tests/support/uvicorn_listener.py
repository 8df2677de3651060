"""A listener over uvicorn, with the interface of the program's own: a second server for the applications.

As a program, ``python uvicorn_listener.py ARGUMENTS`` is ``naftiko ARGUMENTS`` with uvicorn in the place of its server.
"""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    import socket

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.listener_state import Metrics
    from naftiko_runtime.http_server.server_limits import ServerLimits

POLL_SECONDS = 0.02


class UvicornListener:
    """Serves an application on a socket by uvicorn, which has its own bounds and time-outs."""

    def __init__(
        self, listening: socket.socket, config: AppConfig, _limits: ServerLimits, metrics: Metrics | None = None
    ) -> None:
        self._metrics = metrics
        self._socket = listening
        self._app = config.app
        self._state = ServerState()
        self._config = Config(
            self._call,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
        )
        self._config.load()
        self._servers: dict[int, asyncio.Server] = {}
        self._server: asyncio.Server | None = None

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        self.tick()
        self._server = await self._accept(self._socket)

    async def accept_from(self, number: int, listening: socket.socket) -> None:
        self._servers[number] = await self._accept(listening)

    def stop_accepting_from(self, number: int) -> None:
        if (server := self._servers.pop(number, None)) is not None:
            server.close()

    async def _accept(self, listening: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: HttpToolsProtocol(config=self._config, server_state=self._state, app_state={}),
            sock=listening,
            backlog=2048,
        )

    def replace_app(self, config: AppConfig) -> list[asyncio.Task[None]]:
        self._app = config.app
        return list(self._state.tasks)

    def tick(self) -> None:
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        if self._metrics is not None:
            self._metrics.set_active(len(self._state.connections), len(self._state.tasks))

    def announce_closing(self) -> None:
        """uvicorn closes connections when it stops only."""

    def stop_accepting(self) -> None:
        for number in tuple(self._servers):
            self.stop_accepting_from(number)
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()

    def abort(self) -> int:
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        return len(tasks)

    async def wait_closed(self) -> None:
        while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - as the program's own listener does
            await asyncio.sleep(POLL_SECONDS)


if __name__ == "__main__":
    from naftiko_runtime.__main__ import main
    from naftiko_runtime.server import listeners

    vars(listeners)["Listener"] = UvicornListener
    main()
