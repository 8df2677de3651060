"""Runs scripts in a pool of warm worker processes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import json

from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.errors import BindError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.formats.json import parse_regular
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.limits import (
    DECODED_INLINE_BYTES_MAX,
    REQUEST_DEPTH_MAX,
    REQUEST_VALUES_MAX,
    SCRIPT_CANCELLED_SECONDS,
    SCRIPT_OVERDUE_SECONDS,
    SCRIPT_SLOW_SECONDS,
    SCRIPT_WORKER_START_SECONDS,
    SCRIPT_WORKERS_MAX,
)
from naftiko_runtime.scripting.engine import EngineFailure
from naftiko_runtime.scripting.messages import Task
from naftiko_runtime.scripting.script_program import (
    ScriptLimits,
    ScriptProgram,
    describe_missing_engine,
    explain_failure,
)
from naftiko_runtime.scripting.worker_process import ScriptWorkerError, UnsentTaskError, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from naftiko_runtime.scripting.script_program import Language

_GRACE_SECONDS: Final = 0.25
"""After the time limit, an engine may stop the script itself: then its process lives on."""


class ScriptPool:
    """Runs programs, each in a process that no other program uses at the time, and in new memory.

    Args:
        workers_max: How many processes there are for each language. They start when they are first needed.
    """

    def __init__(self, workers_max: int = SCRIPT_WORKERS_MAX) -> None:
        self._workers_max = workers_max
        self._groups: dict[Language, _WorkerGroup] = {}

    async def start(self, languages: Iterable[Language]) -> None:
        """Start one process for each language, so that the first call does not wait for it.

        Raises:
            BindError: An engine is not installed, or does not start.
        """
        languages = sorted(set(languages))
        if missing := [advice for language in languages if (advice := describe_missing_engine(language)) is not None]:
            raise BindError(missing)
        try:
            await asyncio.gather(*(self._get_group(language).warm_up() for language in languages))
        except (ScriptWorkerError, OSError) as error:
            raise BindError([f"the process for scripts does not start: {error}"]) from None

    async def run(self, program: ScriptProgram, context: Any, limits: ScriptLimits, *, is_large: bool = False) -> Any:
        """The value of the variable ``result`` at the end of a program.

        If the caller is cancelled, the process has a moment to end the program, and is killed otherwise.

        Args:
            program: What runs.
            context: A JSON value: the variable ``context``. Numbers that keep their spelling arrive with all digits.
            limits: What it may use. The time that it waits for a process does not count.
            is_large: Whether the context may be large. Then it is encoded in a thread.

        Raises:
            ScriptError: It failed, or exceeded a limit.
        """
        try:
            sent = await asyncio.to_thread(encode_json, context) if is_large else encode_json(context)
        except Unrenderable as error:
            raise explain_failure(
                "exception", f"{program.main.name}: its context is {error}", program, limits
            ) from None
        try:
            result = await self._get_group(program.language).run(_encode_task(program, limits), sent, limits)
            return await _decode(result)
        except EngineFailure as failure:
            raise explain_failure(failure.kind, failure.reason, program, limits) from None

    async def close(self) -> None:
        """End all processes. Programs that run fail."""
        await asyncio.gather(*(group.close() for group in self._groups.values()))

    def list_processes(self) -> list[int]:
        """The processes of the pool."""
        return [worker.pid for group in self._groups.values() for worker in group.workers]

    def _get_group(self, language: Language) -> _WorkerGroup:
        if language not in self._groups:
            self._groups[language] = _WorkerGroup(language, self._workers_max)
        return self._groups[language]


class _WorkerGroup:
    """The processes of one language. Each belongs to a slot, which a run takes, or the replacement of a process."""

    def __init__(self, language: Language, workers_max: int) -> None:
        self.workers: set[WorkerProcess] = set()
        self._language = language
        self._slots = asyncio.Semaphore(workers_max)
        self._idle: list[WorkerProcess] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def warm_up(self) -> None:
        """Have a process."""
        if not self.workers:
            self._idle.append(await self._start_worker())

    async def run(self, task: bytes, context: bytes, limits: ScriptLimits) -> bytes:
        """The result of a task in JSON.

        Raises:
            EngineFailure: The script failed.
        """
        try:
            return await self._run_once(task, context, limits)
        except UnsentTaskError:
            pass
        try:
            return await self._run_once(task, context, limits)
        except UnsentTaskError as error:
            raise EngineFailure("crash", str(error)) from None

    async def _run_once(self, task: bytes, context: bytes, limits: ScriptLimits) -> bytes:
        """The result of a task in JSON.

        Raises:
            EngineFailure: The script failed.
            UnsentTaskError: No script began, because the process ended after it was taken.
        """
        await self._slots.acquire()
        try:
            worker = await self._take_worker()
        except (ScriptWorkerError, OSError) as error:
            self._slots.release()
            raise EngineFailure("crash", f"it does not start: {error}") from None
        except BaseException:
            self._slots.release()
            raise
        slow = asyncio.get_running_loop().call_later(SCRIPT_SLOW_SECONDS, worker.run_when_idle)
        try:
            async with asyncio.timeout(limits.seconds + _GRACE_SECONDS):
                await worker.send(task, context)
                result = await worker.receive(limits.output_bytes)
        except EngineFailure as failure:
            if failure.fatal:
                self._run_aside(self._replace(worker))
            else:
                self._free(worker)
            raise
        except asyncio.CancelledError:
            self._run_aside(self._recover(worker, limits, SCRIPT_CANCELLED_SECONDS))
            raise
        except TimeoutError:
            self._run_aside(self._recover(worker, limits, SCRIPT_OVERDUE_SECONDS))
            raise EngineFailure("time-limit", "") from None
        except UnsentTaskError:
            self._run_aside(self._replace(worker))
            raise
        except ScriptWorkerError as error:
            self._run_aside(self._replace(worker))
            raise EngineFailure("crash", str(error)) from None
        finally:
            slow.cancel()
        self._free(worker)
        return result

    async def close(self) -> None:
        """End all processes."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(worker) for worker in list(self.workers)))
        self._idle.clear()

    async def _take_worker(self) -> WorkerProcess:
        """A process that is idle, or a new one. Processes that ended while they were idle are dropped."""
        while self._idle:
            worker = self._idle.pop()
            if not worker.has_ended:
                return worker
            await self._end(worker)
        return await self._start_worker()

    async def _start_worker(self) -> WorkerProcess:
        self._check_open()
        try:
            async with asyncio.timeout(SCRIPT_WORKER_START_SECONDS):
                worker = await WorkerProcess.start(self._language)
        except TimeoutError:
            problem = f"it is not ready after {SCRIPT_WORKER_START_SECONDS:g} s; is the machine too busy?"
            raise ScriptWorkerError(problem) from None
        self.workers.add(worker)
        try:
            self._check_open()
        except ScriptWorkerError:
            await self._end(worker)
            raise
        return worker

    def _check_open(self) -> None:
        if self._is_closed:
            raise ScriptWorkerError("the pool is closed")

    async def _end(self, worker: WorkerProcess) -> None:
        await worker.kill()
        self.workers.discard(worker)

    def _free(self, worker: WorkerProcess) -> None:
        self._idle.append(worker)
        self._slots.release()

    async def _replace(self, worker: WorkerProcess) -> None:
        """End a process. Another one takes its slot, so that the next run finds it warm."""
        try:
            await self._end(worker)
            with suppress(ScriptWorkerError, OSError):  # the next run tries it again, and reports it
                self._idle.append(await self._start_worker())
        finally:
            self._slots.release()

    async def _recover(self, worker: WorkerProcess, limits: ScriptLimits, seconds: float) -> None:
        """Keep the process of a run that nobody waits for if the program ends soon: a new process is expensive."""
        try:
            async with asyncio.timeout(seconds):
                await worker.receive(limits.output_bytes)
        except EngineFailure as failure:
            if failure.fatal:
                await self._replace(worker)
                return
        except (ScriptWorkerError, TimeoutError):
            await self._replace(worker)
            return
        self._free(worker)

    def _run_aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that the caller does not wait for. The slot stays taken until it ends."""
        task = asyncio.create_task(work, name="script-worker")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@lru_cache(maxsize=256)
def _encode_task(program: ScriptProgram, limits: ScriptLimits) -> bytes:
    return json.encode(Task(program, limits))


async def _decode(result: bytes) -> Any:
    """Decode the result, which a hostile script wrote. A large one is decoded in a thread."""
    try:
        if len(result) <= DECODED_INLINE_BYTES_MAX:
            return _parse(result)
        return await asyncio.to_thread(_parse, result)
    except ValueError as error:
        raise EngineFailure("result-not-json", str(error)[:200]) from None


def _parse(result: bytes) -> Any:
    check_json_limits(result, REQUEST_VALUES_MAX, REQUEST_DEPTH_MAX)
    return parse_regular(result)
