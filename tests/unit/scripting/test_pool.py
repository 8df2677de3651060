"""The pool of processes for scripts: results, errors, and cancellation."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from typing import Any

import pytest
from msgspec.structs import replace

from naftiko_runtime.errors import BindError
from naftiko_runtime.formats.json import parse_regular
from naftiko_runtime.scripting import pool as pool_module
from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import (
    LANGUAGES,
    Language,
    ScriptError,
)
from support.script_programs import ECHO, ENDLESS, LIMITS, NATIVE, SHORT, make, wait_until

IN_MODULE = pytest.mark.asyncio(loop_scope="module")
"""For a test of the pool that the module shares."""


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_dependencies_variables_and_context(language: Language, shared: ScriptPool) -> None:
    helpers = {
        "javascript": ("const rate = 2;", "function price(n) { return n * rate; }"),
        "python": ("rate = 2", "def price(n):\n    return n * rate"),
    }
    program = make(
        language,
        "result = [price(context['n']), getShip['name'], missing, context['get-ship']['name']]",
        *helpers[language],
        variables=(("getShip", "get-ship"), ("missing", "not-there")),
    )
    result = await shared.run(program, {"n": 21, "get-ship": {"name": "Aurora"}}, LIMITS)
    assert result == [42, "Aurora", None, "Aurora"]


NUMBERS = "[0,-1,9007199254740991,9007199254740993,-12345678901234567890123,1.5,19.9,1e-7]"


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_numbers_that_pass_through_keep_their_value(language: Language, shared: ScriptPool) -> None:
    numbers = parse_regular(NUMBERS.encode())
    result = await shared.run(make(language, ECHO), numbers, LIMITS)
    assert result == numbers
    assert [type(number) for number in result[:5]] == [int] * 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "value", [None, True, "é\u2028\0\"'\\`${}", {"__proto__": {"a": 1}, "": []}, [[], {}], {"a": [1, {"b": None}]}]
)
@IN_MODULE
async def test_every_json_value_passes_through(language: Language, value: Any, shared: ScriptPool) -> None:
    assert await shared.run(make(language, ECHO), value, LIMITS) == value


@IN_MODULE
async def test_large_values_pass_through(shared: ScriptPool) -> None:
    value = [{"id": number, "name": "x" * 20} for number in range(5_000)]
    for language in LANGUAGES:
        assert await shared.run(make(language, ECHO), value, LIMITS) == value


@IN_MODULE
async def test_all_promises_run_before_the_result_is_read(shared: ScriptPool) -> None:
    text = "(async () => { for (result = 0; result < 150000; result++) await 0; })()"
    assert await shared.run(make("javascript", text), {}, replace(LIMITS, statements=None)) == 150_000


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_context_counts_as_memory(language: Language, pool: ScriptPool) -> None:
    small = replace(LIMITS, memory_bytes=8 * 1024 * 1024)
    with pytest.raises(ScriptError) as caught:
        await pool.run(make(language, "result = 1"), "x" * 16 * 1024 * 1024, small)
    assert caught.value.kind == "memory-limit"
    assert await pool.run(make(language, "result = 1"), {}, small) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_a_context_that_is_not_json_is_refused(language: Language, shared: ScriptPool) -> None:
    with pytest.raises(ScriptError, match="main: its context is not expressible as JSON"):
        await shared.run(make(language, "result = 1"), "\ud800", LIMITS)


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_a_script_without_loops_exceeds_no_limit_of_statements(language: Language, shared: ScriptPool) -> None:
    assert await shared.run(make(language, "result = 1"), list(range(50_000)), replace(LIMITS, statements=1)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_an_exception_names_its_file_and_line(language: Language, shared: ScriptPool) -> None:
    helper = {
        "javascript": "function check(n) {\n  for (;;) {\n    if (n) throw new TypeError('no ship');\n  }\n}",
        "python": "def check(n):\n    for i in [1]:\n        if n: raise TypeError('no ship')",
    }
    with pytest.raises(ScriptError, match=r"^the script failed in helper-0, line 3: TypeError: no ship$") as caught:
        await shared.run(make(language, "\n\ncheck(1)", helper[language]), {}, LIMITS)
    assert caught.value.kind == "exception"
    with pytest.raises(ScriptError, match=r"^the script failed in main, line 3: "):
        await shared.run(make(language, "\n\nmissing()"), {}, LIMITS)


@pytest.mark.parametrize("language", LANGUAGES)
@IN_MODULE
async def test_a_syntax_error_names_its_line(language: Language, shared: ScriptPool) -> None:
    with pytest.raises(ScriptError, match=r"^the script failed in main, line 2: SyntaxError: "):
        await shared.run(make(language, "result = 1\nresult = = 2"), {}, LIMITS)


@IN_MODULE
async def test_javascript_runs_promises_and_sloppy_code(shared: ScriptPool) -> None:
    program = make("javascript", "total = 1; (async () => { await null; result = total + 1; })() // end")
    assert await shared.run(program, {}, LIMITS) == 2
    assert await shared.run(make("javascript", "let result = {when: new Date(0), none: undefined}"), {}, LIMITS) == {
        "when": "1970-01-01T00:00:00.000Z"
    }


LEAVE: dict[Language, str] = {
    "javascript": "globalThis.kept = 1; Object.prototype.kept = 1; result = 1",
    "python": "kept = 1\nresult = 1",
}
FIND: dict[Language, str] = {
    "javascript": "result = typeof kept + typeof {}.kept",
    "python": "try:\n    result = kept\nexcept NameError:\n    result = 'undefinedundefined'",
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_nothing_of_a_run_is_left_for_the_next(language: Language) -> None:
    one = ScriptPool(workers_max=1)
    try:
        assert await one.run(make(language, LEAVE[language]), {}, LIMITS) == 1
        assert await one.run(make(language, FIND[language]), {}, LIMITS) == "undefinedundefined"
        assert len(one.list_processes()) == 1
    finally:
        await one.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scripts", [ENDLESS, NATIVE])
async def test_the_time_limit_ends_a_script(language: Language, scripts: dict[Language, str], pool: ScriptPool) -> None:
    too_long = r"^the script main runs longer than 0\.5 s, the limit of 'timeout'$"
    with pytest.raises(ScriptError, match=too_long) as caught:
        await pool.run(make(language, scripts[language]), {}, SHORT)
    assert caught.value.kind == "time-limit"
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1


async def test_other_work_goes_on_while_scripts_spin(pool: ScriptPool) -> None:
    """The event loop only waits for pipes. The bound is wide: the machine may be busy with other things."""
    spinning = [asyncio.ensure_future(pool.run(make(one, NATIVE[one]), {}, SHORT)) for one in LANGUAGES]
    await wait_until(lambda: len(pool.list_processes()) == len(LANGUAGES))
    latest, ticks = 0.0, 0
    while not all(task.done() for task in spinning):
        start = time.perf_counter()
        await asyncio.sleep(0.001)
        latest, ticks = max(latest, time.perf_counter() - start), ticks + 1
    errors = await asyncio.gather(*spinning, return_exceptions=True)
    assert [error.kind for error in errors if isinstance(error, ScriptError)] == ["time-limit"] * 2
    assert ticks > 20
    assert latest < 0.4


async def test_runs_are_concurrent_and_their_results_are_not_mixed_up(pool: ScriptPool) -> None:
    programs = [make(language, "result = [context, context * 2]") for language in LANGUAGES]
    runs = [pool.run(program, number, LIMITS) for number in range(40) for program in programs]
    assert await asyncio.gather(*runs) == [[number, number * 2] for number in range(40) for _ in programs]
    assert len(pool.list_processes()) <= 2 * len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_cancelled_script_is_killed_and_its_process_replaced(language: Language, pool: ScriptPool) -> None:
    await pool.start([language])
    [first] = pool.list_processes()
    run = asyncio.ensure_future(pool.run(make(language, NATIVE[language]), {}, LIMITS))
    await asyncio.sleep(0.05)  # for the script to start; the result is the same without
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await wait_until(lambda: first not in pool.list_processes() and pool.list_processes() != [])
    assert await pool.run(make(language, ECHO), 1, LIMITS) == 1


async def test_a_process_whose_run_was_cancelled_lives_on_if_the_script_ends_soon(
    pool: ScriptPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "SCRIPT_CANCELLED_SECONDS", 60)
    await pool.start(["python"])
    before = pool.list_processes()
    run = asyncio.ensure_future(pool.run(make("python", ECHO), 1, LIMITS))
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert [await pool.run(make("python", ECHO), number, LIMITS) for number in range(4)] == [0, 1, 2, 3]
    assert set(before) <= set(pool.list_processes())


async def test_no_reply_of_a_cancelled_run_is_taken_for_that_of_another(
    pool: ScriptPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the cancellation comes, also between the head and the body of the reply."""
    monkeypatch.setattr(pool_module, "SCRIPT_CANCELLED_SECONDS", 60)
    large = make("python", "result = '\\x00\\x00' + str(context) * 900_000")
    for number in range(30):
        run = asyncio.ensure_future(pool.run(large, 1, LIMITS))
        for _ in range(number):
            await asyncio.sleep(0.0005)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        assert await asyncio.gather(*(pool.run(make("python", ECHO), one, LIMITS) for one in range(3))) == [0, 1, 2]


UNDER_UVLOOP = """
import uvloop
from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import *

async def main():
    pool = ScriptPool()
    program = ScriptProgram("python", ScriptSource("main", "result = context"))
    print(await pool.run(program, [1], ScriptLimits(60, 2**26, None, 100)))
    endless = ScriptProgram("python", ScriptSource("main", "max(iter(int, 1))"))
    try:
        await pool.run(endless, 1, ScriptLimits(0.1, 2**26, None, 9))
    except ScriptError as error:
        print(error.kind)
    await pool.close()

uvloop.run(main())
"""


def test_it_runs_on_the_event_loop_of_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNDER_UVLOOP], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[1]\ntime-limit\n", "")


async def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "describe_missing_engine", "no engine for {}".format)
    pool = ScriptPool()
    with pytest.raises(BindError, match="no engine for python"):
        await pool.start(["python", "python"])


async def test_the_time_of_a_warm_call(pool: ScriptPool, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, and held to no bound that a busy machine could exceed."""
    for language in LANGUAGES:
        program, times = make(language, "result = context['n'] + 1"), []
        for number in range(200):
            start = time.perf_counter()
            assert await pool.run(program, {"n": number}, LIMITS) == number + 1
            times.append((time.perf_counter() - start) * 1_000)
        with capsys.disabled():
            print(f"\n{language}: p50 of a warm call {statistics.median(times):.2f} ms, fastest {min(times):.2f} ms")  # noqa: T201
        assert statistics.median(times) < 5_000
