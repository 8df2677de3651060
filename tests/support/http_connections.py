"""Connections of the HTTP server without sockets: tests write and read bytes, and control the clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.connection import ServerConnection
from naftiko_runtime.http_server.listener_state import ListenerState
from naftiko_runtime.server.listeners import SERVER_LIMITS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.http_server.app_config import HalfClosedSeconds

CALLER = ("192.0.2.1", 40000)
SERVER = ("192.0.2.2", 80)
_ROUNDS = 20
"""More turns of the loop than any chain of callbacks in these tests has."""


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock goes forward only when nothing else is left to do, and then at once."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        select = selector.select

        def advance(timeout: float | None = None) -> Any:
            if timeout:
                self._now += timeout
            return select(0)

        selector.select = advance

    def time(self) -> float:
        return self._now


class FakeTransport(asyncio.Transport):
    """The server's end of a connection whose caller is a test."""

    def __init__(self, *, half_closes: bool = True) -> None:
        super().__init__({"peername": CALLER, "sockname": SERVER})
        self.written = b""
        self.unsent_bytes = 0
        """What the caller has not read: a test sets it."""
        self.events: list[str] = []
        self._half_closes = half_closes
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert "write_eof" not in self.events
        self.written += data

    def can_write_eof(self) -> bool:
        return self._half_closes

    def write_eof(self) -> None:
        self.events.append("write_eof")

    def close(self) -> None:
        self._closing = True
        self.events.append("close")

    def abort(self) -> None:
        self._closing = True
        self.events.append("abort")

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self.events.append("pause")

    def resume_reading(self) -> None:
        self.events.append("resume")

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes


@dataclass(eq=False)
class Call:
    """A request that reached the application, which does what a test tells it to do."""

    scope: Scope
    receive: Receive
    send: Send
    cancelled: bool = False
    _end: asyncio.Event = field(default_factory=asyncio.Event)
    _failure: Exception | None = None

    async def run(self) -> None:
        try:
            await self._end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self._failure is not None:
            raise self._failure

    def end(self, failure: Exception | None = None) -> None:
        """Let the application return, or raise."""
        self._failure = failure
        self._end.set()


@dataclass(eq=False)
class FakeCaller:
    """A caller of the server, with the protocol that it talks to."""

    harness: ServerHarness
    transport: FakeTransport
    protocol: ServerConnection

    def send(self, data: bytes) -> Self:
        """Let bytes arrive, all at once."""
        self.protocol.data_received(data)
        self.harness.run_ready()
        return self

    def send_bytewise(self, data: bytes) -> Self:
        """Let bytes arrive one by one."""
        for index in range(len(data)):
            self.protocol.data_received(data[index : index + 1])
        self.harness.run_ready()
        return self

    def end_side(self) -> bool:
        """End the caller's side; return whether the server keeps its own open."""
        kept = self.protocol.eof_received()
        self.harness.run_ready()
        return kept

    def disconnect(self) -> None:
        """Lose the connection."""
        self.protocol.connection_lost(None)
        self.harness.run_ready()

    def read(self) -> bytes:
        """Return what the server has written since the last time."""
        written, self.transport.written = self.transport.written, b""
        return written

    @property
    def events(self) -> list[str]:
        """What the server did to the connection, beside writing."""
        return self.transport.events


class ServerHarness:
    """A listener without a socket, on a loop whose time a test controls.

    Attributes:
        calls: The requests that reached the application.
    """

    def __init__(self, app: App | None = None, half_closed_seconds: HalfClosedSeconds | None = None) -> None:
        self.loop = VirtualClockLoop()
        self.calls: list[Call] = []
        self.rejections: list[str] = []
        self.state = ListenerState(AppConfig(app or self._respond, half_closed_seconds), SERVER_LIMITS, self)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call(scope, receive, send)
        self.calls.append(call)
        await call.run()

    def set_active(self, connections: int, requests: int) -> None:
        """See :class:`naftiko_runtime.http_server.listener_state.Metrics`."""

    def count_rejection(self, code: str) -> None:
        self.rejections.append(code)

    def connect(self, *, half_closes: bool = True) -> FakeCaller:
        """Return a new caller."""
        transport = FakeTransport(half_closes=half_closes)

        async def connect() -> ServerConnection:
            protocol = ServerConnection(self.state)
            protocol.connection_made(transport)
            return protocol

        return FakeCaller(self, transport, self.loop.run_until_complete(connect()))

    def run(self, work: Awaitable[Any]) -> Any:
        """Run something in the loop, and what follows from it."""

        async def wait() -> Any:
            return await work

        result = self.loop.run_until_complete(wait())
        self.run_ready()
        return result

    def do(self, action: Callable[[], Any]) -> Any:
        """Call something in the loop, and run what follows from it."""

        async def call() -> Any:
            return action()

        return self.run(call())

    def run_ready(self) -> None:
        """Run everything that does not wait for time to pass."""

        async def turn() -> None:
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    def advance(self, seconds: float) -> None:
        """Let time pass, without waiting for it."""
        self.loop.run_until_complete(asyncio.sleep(seconds))
        self.run_ready()

    def respond(self, call: Call, body: bytes = b"ok", status: int = 200) -> None:
        """Send a whole response."""
        length = (b"content-length", b"%d" % len(body))

        async def send() -> None:
            await call.send({"type": "http.response.start", "status": status, "headers": [length]})
            await call.send({"type": "http.response.body", "body": body})

        self.run(send())
        call.end()
        self.run_ready()

    def close(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run_ready()
        self.loop.close()
