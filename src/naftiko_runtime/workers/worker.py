"""One of several processes that serve the same documents: it does what its parent says, and ends with it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError
from naftiko_runtime.exposes.control.app import control_app
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.server.deployment import Generation
from naftiko_runtime.server.lifecycle import Life
from naftiko_runtime.server.metrics import Account
from naftiko_runtime.server.reloader import Succession
from naftiko_runtime.server.settings import fingerprint
from naftiko_runtime.workers.shared_status import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from naftiko_runtime.auth.nonce_cache import NonceCache
    from naftiko_runtime.server.metrics import Books
    from naftiko_runtime.server.ports import Ports
    from naftiko_runtime.server.settings import Job, ServerSettings
    from naftiko_runtime.workers.control_channel import Channel, Message
    from naftiko_runtime.workers.shared_status import Board

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """A worker's place among the others, from 0, and what it shares with them."""

    number: int
    ports: Ports
    board: Board
    books: Books
    nonces: NonceCache
    channel: Channel


async def work(post: Post, jobs: Sequence[Job], settings: ServerSettings, again: Callable[[], Sequence[Job]]) -> None:
    """Serve at a post until the parent, a signal or the parent's end says otherwise."""
    async with AsyncExitStack() as stack:
        try:
            account = Account(post.books, post.number + 1, settings, jobs)
            stack.push_async_callback(account.close)
            observer = account.observer
            generation = Generation(jobs, settings, post.nonces, observer)
            await generation.open()
        except BindError as error:
            post.channel.send("failed", reason=str(error))
            return
        sockets = post.ports.sets[post.number]
        listeners = [Listener(s, each, account.meter) for s, each in zip(sockets, generation.services, strict=True)]
        succession = Succession(generation, listeners, settings, post.nonces, observer)
        stack.push_async_callback(succession.close)
        slot, board = Slot(post.board, post.number), post.board
        shared = post.ports.control
        told = AppConfig(control_app(board.is_ready, account.told, board.is_live))
        control = Listener(shared, told) if shared else None

        def beat() -> None:
            slot.beat()
            account.tell()

        life = Life(listeners, control, slot, settings, beat)
        worker = _Worker(post.channel, life, succession, listeners, again)
        loop = asyncio.get_running_loop()
        loop.add_reader(post.channel.fileno(), worker.listen)
        loop.add_signal_handler(signal.SIGTERM, worker.leave)
        try:
            cut = await life.until_stopped(lambda: post.channel.send("ready"))
        finally:
            loop.remove_reader(post.channel.fileno())
            await worker.close()
        post.channel.send("stopped", cut=cut)


class _Worker:
    """Hears the parent."""

    def __init__(
        self,
        channel: Channel,
        life: Life,
        succession: Succession,
        listeners: Sequence[Listener],
        again: Callable[[], Sequence[Job]],
    ) -> None:
        self._channel = channel
        self._life = life
        self._succession = succession
        self._listeners = listeners
        self._again = again
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Lock()

    def listen(self) -> None:
        """Take one message."""
        try:
            message = self._channel.receive()
        except BlockingIOError:
            return
        if message is not None:
            self._heed(message)
            return
        asyncio.get_running_loop().remove_reader(self._channel.fileno())
        log.warning("the parent process is gone: stopping")
        self._life.stop()

    def leave(self) -> None:
        """Stop by oneself: the parent learns of it, and has another one take over."""
        if not self._life.stopping:
            self._channel.send("leaving")
            self._life.stop()

    async def close(self) -> None:
        """Leave nothing running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _heed(self, message: Message) -> None:
        match message.word:
            case "drain":
                self._life.stop()
            case "hurry":
                self._life.stop()
                self._life.hurry()
            case "adopt" if message.file is not None:
                listening = socket.socket(fileno=message.file)
                self._begin(self._adopt(message.fields["worker"], message.fields["listener"], listening))
            case "release":
                for listener in self._listeners:
                    listener.stop_accepting_from(message.fields["worker"])
            case "prepare":
                self._begin(self._prepare(message.fields["turn"]))
            case "commit":
                self._channel.send("served", turn=message.fields["turn"], in_progress=self._succession.commit())
            case "abandon":
                self._begin(self._abandon())
            case unknown:
                raise AssertionError(unknown)

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _adopt(self, worker: int, listener: int, listening: socket.socket) -> None:
        if self._life.stopping:
            listening.close()
        else:
            await self._listeners[listener].accept_from(worker, listening)

    async def _prepare(self, turn: int) -> None:
        """Read the documents, and open what they need; the parent judges whether all have read the same."""
        try:
            async with self._turns:
                jobs = await asyncio.to_thread(self._again)
                await self._succession.prepare(jobs)
        except BindError as error:
            self._channel.send("unprepared", turn=turn, reason=str(error))
        except Exception as error:  # a fault of ours, which must not end what is served
            log.exception("documents not read")
            self._channel.send("unprepared", turn=turn, reason=f"an unexpected {type(error).__name__}")
        else:
            log.debug("documents read", extra={"turn": turn})
            self._channel.send("prepared", turn=turn, read=fingerprint(jobs))

    async def _abandon(self) -> None:
        async with self._turns:
            await self._succession.abandon()
