"""A listener in a thread of this process, on either event loop, so that its limits can be small."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import uvloop

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.problem_details import render_problem
from naftiko_runtime.request_body import read_body
from naftiko_runtime.send_response import send_whole
from naftiko_runtime.server.listeners import SERVER_LIMITS
from support.caller import DEADLINE_SECONDS
from support.upstream import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from naftiko_runtime.asgi_types import Receive, Scope, Send

SHORT = 0.2
LARGE_BODY_BYTES = 16_000_000
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
JSON = (b"content-type", b"application/json")


class Served:
    """A listener and an application that tells what it got."""

    def __init__(self, loop: str, **changed_limits: Any) -> None:
        self._limits = replace(SERVER_LIMITS, **changed_limits)
        self.seen: list[str] = []
        self.headers: list[list[str]] = []
        self.cut_off = 0
        self.cancelled = threading.Event()
        self.entered = threading.Event()
        self.responded = threading.Event()
        self.gate = Gate()
        self._new_loop = LOOPS[loop]
        self._stop = Gate()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.url = ""
        self.loop: asyncio.AbstractEventLoop
        self._listener: Listener

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        config = AppConfig(self.app, render_error=render_problem)
        self._listener = listener = Listener(open_socket("127.0.0.1", 0, "the test"), config, self._limits)
        await listener.start()
        self.url = f"http://127.0.0.1:{listener.port}"
        self.loop = asyncio.get_running_loop()
        ticking = asyncio.create_task(self._tick(listener))
        self._started.set()
        await self._stop.wait()
        ticking.cancel()
        listener.stop_accepting()
        self.cut_off = listener.abort()
        await listener.wait_closed()

    def wait_half_closed(self, seconds: float) -> None:
        """Let callers that have ended their side wait so long for their responses."""
        done = threading.Event()
        config = AppConfig(self.app, lambda _: seconds, render_problem)
        self.loop.call_soon_threadsafe(self._listener.replace_app, config)
        self.loop.call_soon_threadsafe(done.set)
        assert done.wait(DEADLINE_SECONDS)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the loop from doing anything, in the middle of what it has read; its timers are next."""
        held, released = threading.Event(), threading.Event()
        ours, theirs = socket.socketpair()

        def hold() -> None:
            self.loop.remove_reader(theirs)
            held.set()
            released.wait(DEADLINE_SECONDS)

        with ours, theirs:
            self.loop.call_soon_threadsafe(self.loop.add_reader, theirs, hold)
            ours.send(b"x")
            assert held.wait(DEADLINE_SECONDS)
            try:
                yield
            finally:
                released.set()

    async def _tick(self, listener: Listener) -> None:
        while True:
            await asyncio.sleep(SHORT / 10)
            listener.tick()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(DEADLINE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.open()
        self._stop.open()
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(f"{scope['method']} {scope['path']}")
        self.entered.set()
        try:
            await self._respond(scope, receive, send)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/raise":
                raise ValueError("nobody foresaw this")
            case "/raise-late":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"begin", "more_body": True})
                raise ValueError("nobody foresaw this")
            case "/early":
                await send_whole(send, 403, [(b"connection", b"close")], b"no")
                return
            case "/large":
                await send_whole(send, 200, [], b"x" * LARGE_BODY_BYTES)
                self.responded.set()
                return
            case "/held":
                await self.gate.wait()
        body = await read_body(receive, 10_000_000)
        self.headers.append([name.decode() for name, _ in scope["headers"]])
        said = {"path": scope["path"], "query": scope["query_string"].decode(), "body": len(body)}
        await send_whole(send, 200, [JSON], json.dumps(said).encode())


def until(condition: Callable[[], bool]) -> None:
    """Wait for what nothing tells of."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(SHORT / 20)
