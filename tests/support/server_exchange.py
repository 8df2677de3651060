"""One exchange of bytes with our server or a protocol of uvicorn, and what an application saw of it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.connection import ServerConnection
from naftiko_runtime.http_server.listener_state import ListenerState
from naftiko_runtime.server.listeners import SERVER_LIMITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.asgi_types import Receive, Scope, Send

ROUNDS: Final = 12
"""Of the event loop, after which nothing is left to be done that does not wait for bytes."""
STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)")
CONTINUE: Final = 100
BAD_REQUEST: Final = 400


class Seen(NamedTuple):
    """A request as the application saw it."""

    method: str
    path: str
    query: bytes
    version: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    complete: bool


class Outcome(NamedTuple):
    """What came of some bytes.

    Attributes:
        seen: What the application saw.
        statuses: Those that went out.
        closed: Whether the server closed.
        reason: The text of our server's last response if it is an error.
    """

    seen: tuple[Seen, ...]
    statuses: tuple[int, ...]
    closed: bool
    reason: str = ""

    @property
    def final(self) -> tuple[tuple[Seen, ...], tuple[int, ...], bool]:
        """All but interim responses, which depend on when the body arrives."""
        return self.seen, tuple(status for status in self.statuses if status != CONTINUE), self.closed


class Wire(asyncio.Transport):
    """A connection in memory."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000), "sockname": ("127.0.0.1", 8_080)})
        self.output = b""
        self.closed = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.output += data

    def write_eof(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return 0


class App:
    """Responds to every request with its body."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more, complete = b"", True, False
        while more:
            message = await receive()
            complete = message["type"] == "http.request" and not message.get("more_body", False)
            body += message.get("body", b"")
            more = message["type"] == "http.request" and not complete
        headers = tuple(sorted((name, value.strip()) for name, value in scope["headers"]))
        method, path, version = scope["method"], scope["path"], scope["http_version"]
        self.seen.append(Seen(method, path, scope["query_string"], version, headers, body, complete))
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})


def _protocol(name: str, app: App) -> asyncio.Protocol:
    if name == "own":
        return ServerConnection(ListenerState(AppConfig(app), SERVER_LIMITS, None))
    kind = HttpToolsProtocol if name == "httptools" else H11Protocol
    config = Config(app, interface="asgi3", ws="none", lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    return cast("asyncio.Protocol", kind(config=config, server_state=ServerState(), app_state={}))


async def _exchange(name: str, pieces: Sequence[bytes]) -> Outcome:
    app, wire = App(), Wire()
    protocol = _protocol(name, app)
    protocol.connection_made(wire)
    waiting = list(pieces)
    for _ in range(len(pieces) + 40):
        if waiting and wire.reading and not wire.closed:
            protocol.data_received(waiting.pop(0))
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
    statuses = tuple(int(status) for status in STATUS.findall(wire.output))
    errors = name == "own" and statuses and statuses[-1] >= BAD_REQUEST
    reason = wire.output.rpartition(b"\r\n\r\n")[2].decode().strip() if errors else ""
    outcome = Outcome(tuple(one for one in app.seen if one.complete), statuses, wire.closed, reason)
    protocol.connection_lost(None)
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
    return outcome


def exchange(name: str, *pieces: bytes) -> Outcome:
    return asyncio.run(_exchange(name, pieces))
