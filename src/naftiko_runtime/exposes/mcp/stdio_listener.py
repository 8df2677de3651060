"""Serves an MCP endpoint over standard input and output. It starts and stops as a listener of a port does."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

from naftiko_runtime import limits
from naftiko_runtime.exposes.list_subscriptions import LISTS
from naftiko_runtime.exposes.mcp.listen import make_notification
from naftiko_runtime.exposes.mcp.message_check import CANCELLED, INVALID_REQUEST
from naftiko_runtime.exposes.mcp.stdio_message import read_message
from naftiko_runtime.exposes.mcp.stdio_response import StdioResponse, read_negotiated_version
from naftiko_runtime.exposes.mcp.write_json import write_json
from naftiko_runtime.stdio_channel import LineReader, LineWriter

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from naftiko_runtime.asgi_types import Receive
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.exposes.mcp.stdio_message import StdioMessage
    from naftiko_runtime.exposes.mcp.stdio_response import WriteLine
    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.stdio_channel import StandardStreams

log = logging.getLogger(__name__)

_INITIALIZE: Final = "initialize"
_INTERNAL_ERROR: Final = {"code": -32603, "message": "Internal server error"}


class StdioListener:
    """The one client of a process, and its requests in progress."""

    def __init__(
        self, streams: StandardStreams, config: AppConfig, services: AppServices, topic: str, on_end: Callable[[], None]
    ) -> None:
        """Prepare the listener.

        Args:
            streams: The input and output.
            config: The application that responds to messages.
            services: The services of the program.
            topic: The name of the endpoint, by which it tells of changes.
            on_end: Called when the input has ended or nobody reads the output, after the requests in progress.
        """
        self._app = config.app
        self._topic = topic
        self._changes = services.changes
        self._message_bytes_max = services.policy.message_bytes_max
        self._notifying: asyncio.Task[None] | None = None
        self._on_end = on_end
        self._version: str | None = None
        self._reader = LineReader(streams.input, self._message_bytes_max)
        self._writer = LineWriter(streams.output, self.on_end)
        self._slots = threading.Semaphore(limits.STDIO_MESSAGES_MAX)
        self._tasks: dict[asyncio.Task[None], StdioMessage] = {}
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Task[None] | None = None
        self._accepting = True

    async def start(self) -> None:
        """Start to read messages."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        self._reader.start(self)

    def replace_app(self, config: AppConfig) -> list[asyncio.Task[None]]:
        """Use another application from the next message on; return the tasks of those in progress."""
        self._app = config.app
        return list(self._tasks)

    def tick(self) -> None:
        """Nothing has to be done regularly."""

    def announce_closing(self) -> None:
        """Nobody has to be told: the client owns the process."""

    def stop_accepting(self) -> None:
        """Ignore further messages; requests in progress continue."""
        self._accepting = False

    def abort(self) -> int:
        """Cancel the requests in progress; return how many that were."""
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)

    async def wait_closed(self) -> None:
        """Wait until no request is in progress."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    # -- called by the threads ----------------------------------------------------------------------------------------

    def on_line(self, line: bytes) -> None:
        """Handle a message, once there are not too many in progress."""
        if line.strip():
            self._slots.acquire()
            self._call(partial(self._accept, line))

    def on_long_line(self) -> None:
        """Respond to a message that is too large."""
        detail = f"the message is larger than {self._message_bytes_max:,} bytes"
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": detail}}
        self._writer.write(write_json(error), lambda: None)

    def on_end(self) -> None:
        """Stop: the client has gone."""
        self._call(self._end)

    def _call(self, function: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(function)

    # -- called by the loop -------------------------------------------------------------------------------------------

    def _accept(self, line: bytes) -> None:
        message = read_message(line, self._version) if self._accepting else None
        if message is None or message.method == CANCELLED:
            self._slots.release()
            if message is not None and message.cancels is not None:
                self._cancel(message.cancels)
            return
        task = asyncio.create_task(self._handle(message))
        self._tasks[task] = message
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._slots.release()

    def _cancel(self, identity: int | str) -> None:
        """Cancel a request. One that is unknown or has ended is ignored."""
        for task, message in self._tasks.items():
            same = message.identity == identity and type(message.identity) is type(identity)
            if same and message.method != _INITIALIZE:
                task.cancel()

    async def _handle(self, message: StdioMessage) -> None:
        response = StdioResponse(self._choose_writer(message))
        try:
            await self._app(message.make_scope(), _make_receive(message.body), response.send)
        except Exception:  # our own bug, which must not end what is served
            log.exception("a message failed")
        if message.expects_response and not response.answered and message.identity is not None and message.method:
            failed = {"jsonrpc": "2.0", "id": message.identity, "error": _INTERNAL_ERROR}
            await self._write(write_json(failed))

    def _choose_writer(self, message: StdioMessage) -> WriteLine:
        if not message.expects_response:
            return _drop
        return self._write_negotiated if message.method == _INITIALIZE else self._write

    async def _write_negotiated(self, line: bytes) -> None:
        """Write the response to ``initialize``. The revision is noted before the client can use it."""
        self._version = read_negotiated_version(line) or self._version
        await self._write(line)
        if self._version is not None and self._notifying is None:
            self._notifying = asyncio.create_task(self._notify())

    async def _notify(self) -> None:
        """Tell a client with a handshake of changed lists. Others have to ask for it."""
        with self._changes.subscribe(self._topic, LISTS) as subscription:
            while (changed := await subscription.wait(limits.EVENT_STREAM_IDLE_SECONDS)) is not None:
                for name in changed:
                    await self._write(write_json(make_notification(name)))

    async def _write(self, line: bytes) -> None:
        written = self._loop.create_future()

        def on_written() -> None:
            self._call(partial(_set_done, written))

        self._writer.write(line, on_written)
        await written

    def _end(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        """Let requests in progress finish for a moment, then cancel them."""
        self._accepting = False
        self._changes.end()
        try:
            if self._tasks:
                _, late = await asyncio.wait(list(self._tasks), timeout=limits.STDIO_END_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)
        finally:
            self._on_end()


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _drop(line: bytes) -> None:
    """Write nothing: a notification has no response."""


def _make_receive(body: bytes) -> Receive:
    """Return a receive function with the whole body. The client never disconnects."""
    waiting = [body]

    async def receive() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await _wait_forever()

    return receive


async def _wait_forever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError
