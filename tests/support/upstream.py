"""A real upstream on loopback: it records what it receives and answers what it is told."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

GIF = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    """Path and query, byte for byte."""
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value; several are joined by commas."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


@dataclass
class Reply:
    """What to answer; ``chunks`` are sent one by one, ``before`` is awaited first."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: list[bytes] | None = None
    before: Callable[[], Awaitable[None]] | None = None


class Upstream:
    """An ASGI server in a thread of its own. Unscripted paths answer 200 with ``{}``.

    Script it by ``upstream.on("GET", "/x", Reply(...))``; without a method any fits, and the path excludes the query.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._replies: dict[tuple[str, str], Reply] = {}
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        config = uvicorn.Config(self._app, interface="asgi3", lifespan="off", log_config=None, access_log=False, server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve)
        self.loop: asyncio.AbstractEventLoop | None = None

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    @property
    def url(self) -> str:
        """Its base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def on(self, method: str, path: str, reply: Reply) -> None:
        """Answer a method (``*`` for any) and path with a reply from now on."""
        self._replies[method, path] = reply

    @property
    def last(self) -> Received:
        """The latest request."""
        return self.received[-1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.loop = asyncio.get_running_loop()
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        raw = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        target = f"{raw}?{query}" if query else raw
        self.received.append(Received(scope["method"], target, headers, body))
        reply = self._replies.get((scope["method"], raw)) or self._replies.get(("*", raw))
        if reply is None:
            reply = Reply(headers={"content-type": "application/json"}, body=b"{}")
        if reply.before is not None:
            await reply.before()
        pairs = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        if reply.chunks is None:
            pairs.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        for chunk in reply.chunks if reply.chunks is not None else [reply.body]:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
