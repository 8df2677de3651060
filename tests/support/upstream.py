"""A real upstream on loopback: it records requests and sends scripted responses."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
WAIT_SECONDS = 15.0
"""How long a test waits for something that must happen."""


class Gate:
    """Holds coroutines of any thread's loop until any thread opens it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    async def wait(self) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._opened:
                return
            self._waiting.append((loop, future))
        await future

    def open(self) -> None:
        with self._lock:
            self._opened = True
            waiting, self._waiting = self._waiting, []
        for loop, future in waiting:
            loop.call_soon_threadsafe(_release, future)


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it arrived."""

    method: str
    target: str
    """Path and query, byte for byte (but a lone ``?``, which a server does not tell)."""
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value; several are joined by commas."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


@dataclass
class Reply:
    """A scripted response.

    Attributes:
        status: The status code.
        headers: The headers; a content-length is added when there are no ``chunks``.
        body: The body.
        chunks: Sent one by one instead of the body; what is callable is awaited in its turn.
        before: Awaited first.
        until_gone: Send no more than the ``chunks``, wait until the client goes away, and count that in
            ``Upstream.gone``.
        broken: Break the connection off after the last chunk instead of ending the body.
        echo: Response with the request itself as text, whatever the content type says.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: list[bytes | Callable[[], Awaitable[None]]] | None = None
    before: Callable[[], Awaitable[None]] | None = None
    until_gone: bool = False
    broken: bool = False
    echo: bool = False


class Upstream:
    """An ASGI server in a thread of its own. Unscripted paths get 200 with ``{}``. Half a request is ignored.

    Script it by ``upstream.on("GET", "/x", Reply(...))``. A path without a query stands for any query, ``*`` for any.
    """

    def __init__(self) -> None:
        self.received: list[RecordedRequest] = []
        self.gone = 0
        """How many clients went away while ``until_gone`` waited for it."""
        self._replies: dict[tuple[str, str], Reply] = {}
        self._changed = threading.Condition()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(2048)
        config = uvicorn.Config(
            self._app, interface="asgi3", lifespan="off", log_config=None, access_log=False, server_header=False
        )
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
        """Set the response for a method and path."""
        self._replies[method, path] = reply

    def reset(self) -> None:
        """Forget all requests and scripts."""
        self.received.clear()
        self._replies.clear()
        self.gone = 0

    @property
    def last(self) -> RecordedRequest:
        """The latest request."""
        return self.received[-1]

    def wait(self, condition: Callable[[Upstream], bool], seconds: float = WAIT_SECONDS) -> bool:
        """Block until a condition on what has happened holds; false when it never does."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), seconds)

    def wait_received(self, number: int) -> None:
        """Block until that many requests have arrived."""
        arrived = self.wait(lambda upstream: len(upstream.received) >= number)
        assert arrived, f"{len(self.received)} of {number} requests arrived"

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
        more = whole = True
        while more:
            message = await receive()
            whole = message["type"] == "http.request"
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if not whole:
            return
        reply = self._record(scope, body)
        if reply.before is not None:
            await reply.before()
        if not reply.until_gone:
            await _respond(reply, send)
            return
        if reply.chunks is not None:
            await _begin(reply, send)
        await self._see_going(receive)

    def _record(self, scope: Any, body: bytes) -> Reply:
        raw = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        target = f"{raw}?{query}" if query else raw
        with self._changed:
            self.received.append(RecordedRequest(scope["method"], target, headers, body))
            self._changed.notify_all()
        keys = ((scope["method"], target), (scope["method"], raw), ("*", raw), (scope["method"], "*"), ("*", "*"))
        reply = next((self._replies[key] for key in keys if key in self._replies), None)
        if reply is None:
            return Reply(headers={"content-type": "application/json"}, body=b"{}")
        return replace(reply, body=str(self.last).encode()) if reply.echo else reply

    async def _see_going(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        with self._changed:
            self.gone += 1
            self._changed.notify_all()


async def _begin(reply: Reply, send: Any) -> None:
    """Send everything but the end."""
    pairs = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    if reply.chunks is None:
        pairs.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    for chunk in reply.chunks if reply.chunks is not None else [reply.body]:
        if isinstance(chunk, bytes):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        else:
            await chunk()


async def _respond(reply: Reply, send: Any) -> None:
    await _begin(reply, send)
    if not reply.broken:  # uvicorn breaks off a response that its application does not end
        await send({"type": "http.response.body", "body": b""})
