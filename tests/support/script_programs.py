"""Scripts for tests of their pool, and what its processes are."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from naftiko_runtime.scripting.script_program import Language, ScriptLimits, ScriptProgram, ScriptSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMITS = ScriptLimits(seconds=60, memory_bytes=64 * 1024 * 1024, statements=100_000, output_bytes=1024 * 1024)
SHORT = ScriptLimits(seconds=0.5, memory_bytes=64 * 1024 * 1024, statements=None, output_bytes=1024)

ENDLESS: dict[Language, str] = {"javascript": "while (true);", "python": "while True: pass"}
NATIVE: dict[Language, str] = {
    "javascript": "[].indexOf.call({length: 2 ** 53 - 1}, 1)",  # is never interrupted
    "python": "max(iter(int, 1))",
}
ECHO = "result = context"


def make(
    language: Language, text: str, *dependencies: str, variables: tuple[tuple[str, str], ...] = ()
) -> ScriptProgram:
    sources = tuple(ScriptSource(f"helper-{number}", one) for number, one in enumerate(dependencies))
    return ScriptProgram(language, ScriptSource("main", text), sources, variables)


def find_running(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def list_children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


async def wait_until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_true():  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.01)
