"""One worker process: started, asked, and killed by the pool."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import DecodeError, ValidationError, json

from naftiko_runtime.limits import SCRIPT_WORKER_BYTES_MAX
from naftiko_runtime.scripting.engine import EngineFailure
from naftiko_runtime.scripting.harden import run_when_idle
from naftiko_runtime.scripting.messages import FAILURE_BYTES_MAX, REPLY_HEAD, REQUEST_HEAD, ReplyKind, ScriptFailure

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from naftiko_runtime.scripting.script_program import Language

_LAST_READ_SECONDS: Final = 1.0
_PIECE_BYTES: Final = 64 * 1024
_MODULE: Final = "naftiko_runtime.scripting.worker"


class ScriptWorkerError(Exception):
    """The process ended, or sent what is no reply."""


class UnsentTaskError(ScriptWorkerError):
    """The process ended before it had the task, so no script began."""


class WorkerProcess:
    """A process that runs one program at a time. After a fatal :class:`EngineFailure` it runs no more."""

    def __init__(self, process: Process, replies: StreamReader, tasks: StreamWriter) -> None:
        self._process = process
        self._replies = replies
        self._tasks = tasks
        self._head: tuple[int, int] | None = None
        """Of the reply whose body is not read yet."""
        self._reading = asyncio.Lock()

    @classmethod
    async def start(cls, language: Language) -> WorkerProcess:
        """Start a process, and wait until it accepts tasks.

        Raises:
            ScriptWorkerError: It ended instead.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-B", "-W", "ignore", "-m", _MODULE, language, str(SCRIPT_WORKER_BYTES_MAX)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
        )
        if process.stdin is None or process.stdout is None:
            raise ScriptWorkerError("it has no pipes")
        worker = cls(process, process.stdout, process.stdin)
        try:
            kind, _ = await worker._read_reply(0)
            if kind is not ReplyKind.READY:
                raise ScriptWorkerError("it is not ready")  # noqa: TRY301 - it is killed as after every failure
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """The process, which is the leader of its process group."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process ended. The event loop may learn it later."""
        if self._process.returncode is not None or sys.platform == "win32":
            return self._process.returncode is not None
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    async def send(self, task: bytes, context: bytes) -> None:
        """Send an encoded task and its context.

        Raises:
            UnsentTaskError: The process has ended.
        """
        self._tasks.write(REQUEST_HEAD.pack(len(task), len(context)))
        self._tasks.write(task)
        self._tasks.write(context)
        with suppress(ConnectionError):  # below, or the missing reply says that it ended
            await self._tasks.drain()
        if self.has_ended:
            raise UnsentTaskError("it ended")

    async def receive(self, output_bytes: int) -> bytes:
        """The result of the task that was sent, as a JSON text, which may be invalid.

        After a cancellation, it can be called again: it goes on with the same reply.

        Raises:
            EngineFailure: The script failed.
            ScriptWorkerError: The process ended, or sent what is no reply.
        """
        kind, body = await self._read_reply(output_bytes)
        if kind is ReplyKind.RESULT:
            return body
        try:
            failure = json.decode(body, type=ScriptFailure)
        except (DecodeError, ValidationError):
            raise ScriptWorkerError("it sent an invalid reply") from None
        raise EngineFailure(failure.kind, failure.reason, fatal=kind is ReplyKind.LAST)

    def run_when_idle(self) -> None:
        """From now on, let the process run only when nothing else wants to, where the platform can do so."""
        run_when_idle(self.pid)

    async def kill(self) -> None:
        """End the process and those that it started, at once, and wait for it."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                _kill_group(self._process.pid)
        self._tasks.close()
        await self._process.wait()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_LAST_READ_SECONDS), self._reading:
                while await self._replies.read(_PIECE_BYTES):
                    pass  # to the end of the pipe, which is then closed

    async def _read_reply(self, output_bytes: int) -> tuple[ReplyKind, bytes]:
        async with self._reading:
            return await self._read_reply_alone(output_bytes)

    async def _read_reply_alone(self, output_bytes: int) -> tuple[ReplyKind, bytes]:
        try:
            if self._head is None:
                self._head = REPLY_HEAD.unpack(await self._replies.readexactly(REPLY_HEAD.size))
            kind, size = ReplyKind(self._head[0]), self._head[1]
            if size > (output_bytes if kind is ReplyKind.RESULT else FAILURE_BYTES_MAX):
                raise ScriptWorkerError("its reply is too large")
            body = await self._replies.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ScriptWorkerError("it ended") from None
        except ValueError:
            raise ScriptWorkerError("it sent an invalid reply") from None
        self._head = None
        return kind, body


def _kill_group(pid: int) -> None:
    if sys.platform == "win32":
        os.kill(pid, signal.SIGTERM)  # there, it ends a process at once
    else:
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has no group of its own yet
            os.kill(pid, signal.SIGKILL)
