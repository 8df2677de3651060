"""The processes of the pool for scripts: how they end, what replaces them, and what they may do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.scripting import pool as pool_module
from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import LANGUAGES, Language, ScriptError, ScriptLimits
from naftiko_runtime.scripting.worker_process import WorkerProcess
from support.script_programs import ECHO, LIMITS, NATIVE, find_running, list_children, make, wait_until


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_process_that_ends_fails_one_run_and_is_replaced(language: Language, pool: ScriptPool) -> None:
    await pool.start([language])
    [pid] = pool.list_processes()
    run = asyncio.ensure_future(pool.run(make(language, NATIVE[language]), {}, LIMITS))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ScriptError, match=r"^the process of the script main failed: it ended$") as caught:
        await run
    assert caught.value.kind == "crash"
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1


async def test_an_interpreter_that_ends_fails_one_run_and_is_replaced(pool: ScriptPool) -> None:
    """Python runs in a process of a process."""
    await pool.start(["python"])
    [pid] = pool.list_processes()
    [child] = list_children(pid)
    run = asyncio.ensure_future(pool.run(make("python", NATIVE["python"]), {}, LIMITS))
    await asyncio.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ScriptError) as caught:
        await run
    assert caught.value.kind == "crash"
    assert await pool.run(make("python", ECHO), 1, LIMITS) == 1


async def test_a_process_that_is_late_to_stop_its_script_is_kept(
    pool: ScriptPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy core: the caller gets its error at once, and the engine stops the script when it runs again."""
    monkeypatch.setattr(pool_module, "SCRIPT_OVERDUE_SECONDS", 60)
    await pool.start(["javascript"])
    [pid] = pool.list_processes()
    os.kill(pid, signal.SIGSTOP)
    short = ScriptLimits(0.2, LIMITS.memory_bytes, None, LIMITS.output_bytes)
    with pytest.raises(ScriptError) as caught:
        await pool.run(make("javascript", "while (true) {}"), {}, short)
    assert caught.value.kind == "time-limit"
    os.kill(pid, signal.SIGCONT)
    assert await asyncio.gather(*(pool.run(make("javascript", ECHO), number, LIMITS) for number in range(8))) == [
        *range(8)
    ]
    assert pid in pool.list_processes()


def list_schedulers(pid: int) -> set[int]:
    processes = (pid, *list_children(pid))
    return {
        os.sched_getscheduler(int(one.name)) for process in processes for one in Path(f"/proc/{process}/task").iterdir()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this priority")
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_process_gives_way_to_all_others_after_a_slow_script(
    language: Language, pool: ScriptPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.start([language])
    [pid] = pool.list_processes()
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1
    assert list_schedulers(pid) == {os.SCHED_OTHER}
    monkeypatch.setattr(pool_module, "SCRIPT_SLOW_SECONDS", 0)
    assert await pool.run(make(language, ECHO), 2, LIMITS) == 2
    assert list_schedulers(pid) == {os.SCHED_IDLE}


def wait_for_end(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_process_that_ended_while_idle_fails_no_run(language: Language, pool: ScriptPool) -> None:
    await pool.start([language])
    [pid] = pool.list_processes()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)  # the event loop does not run meanwhile
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1
    assert pid not in pool.list_processes()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_process_that_ends_after_it_was_taken_fails_no_run(
    language: Language, pool: ScriptPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No script began, so nothing is lost. The second time, the run fails: all new processes might end."""
    await pool.start([language])
    doomed = set(pool.list_processes())

    def end_unseen(worker: WorkerProcess) -> bool:
        if worker.pid not in doomed:
            return bool(has_ended(worker))
        doomed.remove(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        wait_for_end(worker.pid)
        return False  # as it was when the pool looked

    has_ended = cast("property", WorkerProcess.has_ended).__get__
    monkeypatch.setattr(WorkerProcess, "has_ended", property(end_unseen))
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1
    assert not doomed
    await wait_until(lambda: len(pool.list_processes()) == 2)  # a new one for the run, and one for the next
    doomed.update(pool.list_processes())
    with pytest.raises(ScriptError, match=r"^the process of the script main failed: it ended$"):
        await pool.run(make(language, ECHO), 1, LIMITS)
    assert not doomed


async def test_close_ends_every_process_also_those_that_run_or_start() -> None:
    pool = ScriptPool(workers_max=2)
    await pool.start(LANGUAGES)
    runs = [asyncio.ensure_future(pool.run(make(one, NATIVE[one]), {}, LIMITS)) for one in LANGUAGES for _ in range(3)]
    await wait_until(lambda: len(pool.list_processes()) == 4)
    pids = pool.list_processes()
    children = [child for pid in pids for child in list_children(pid)]
    assert len(children) == 2
    await pool.close()
    errors = await asyncio.gather(*runs, return_exceptions=True)
    assert {error.kind for error in errors if isinstance(error, ScriptError)} == {"crash"}
    assert pool.list_processes() == []
    await wait_until(lambda: find_running((*pids, *children)) == [])
    with pytest.raises(ScriptError, match="the pool is closed"):
        await pool.run(make("python", ECHO), 1, LIMITS)


async def test_a_process_that_is_not_ready_in_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "SCRIPT_WORKER_START_SECONDS", 0.01)
    pool = ScriptPool()
    problem = r"it is not ready after 0\.01 s; is the machine too busy\?"
    with pytest.raises(BindError, match=rf"the process for scripts does not start: {problem}$"):
        await pool.start(["python"])
    with pytest.raises(ScriptError, match=rf"^the process of the script main failed: it does not start: {problem}$"):
        await pool.run(make("python", ECHO), 1, LIMITS)
    assert pool.list_processes() == []
