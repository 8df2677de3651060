"""Hostile scripts: each is stopped, or is harmless, and the next script runs as if it had never run.

Each file says in comments what it attempts, and what is expected: kinds of errors, or ``result`` and a JSON value.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import pytest
import pytest_asyncio
from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import (
    LANGUAGES,
    ErrorKind,
    Language,
    ScriptError,
    ScriptLimits,
    ScriptProgram,
    ScriptSource,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FOLDER: Final = Path(__file__).parent / "hostile"
FILES: Final = sorted(FOLDER.glob("*/*.*"))
LIMITS: Final = ScriptLimits(seconds=90, memory_bytes=48 * 1024 * 1024, statements=None, output_bytes=1024 * 1024)
"""Time enough for scripts that exceed another limit: on a busy machine, all other processes run before a slow one."""
KINDS: Final = frozenset(get_args(ErrorKind))
NEXT: Final[dict[Language, str]] = {
    "javascript": """
        const found = [typeof leaked, {}.leaked, [].leaked, (() => 1).leaked, ({}).context];
        result = {answer: context.a * 2, text: JSON.stringify(["é"]), found: found.map(String)};
    """,
    "python": "found = ['leaked' in locals(), len([1])]\nresult = {'answer': context['a'] * 2, 'found': found}",
}
NEXT_RESULT: Final = {
    "javascript": {"answer": 42, "text": '["é"]', "found": ["undefined"] * 5},
    "python": {"answer": 42, "found": [False, 1]},
}


class Hostile(Struct, frozen=True):
    program: ScriptProgram
    limits: ScriptLimits
    expected: frozenset[str]
    """Kinds of errors, and results in JSON."""


def read_hostile(file: Path) -> Hostile:
    text = file.read_text()
    heads = dict(re.findall(r"^(?://|#) (attempts|expected|limits): (.+)$", text, flags=re.MULTILINE))
    assert heads["attempts"]
    values = dict(setting.split("=") for setting in heads.get("limits", "").split())
    limits = replace(
        LIMITS,
        seconds=float(values.get("seconds", LIMITS.seconds)),
        statements=int(values["statements"]) if "statements" in values else None,
    )
    language: Language = "javascript" if file.parent.name == "javascript" else "python"
    return Hostile(
        ScriptProgram(language, ScriptSource(file.name, text)), limits, frozenset(heads["expected"].split("|"))
    )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[ScriptPool]:
    pool = ScriptPool(workers_max=1)  # so that the next script runs where the hostile one did, if that process lives
    yield pool
    await pool.close()


async def describe_run(pool: ScriptPool, hostile: Hostile) -> str:
    try:
        result = await pool.run(hostile.program, {"a": 21}, hostile.limits)
    except ScriptError as error:
        text = str(error)
        assert hostile.program.main.name in text
        assert len(text) < 1_000
        assert "\n" not in text
        assert str(Path.cwd()) not in text
        assert "site-packages" not in text
        return error.kind
    return f"result {json.dumps(result, separators=(',', ':'))}"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
async def test_a_hostile_script_is_stopped_and_the_next_one_runs(file: Path, pool: ScriptPool) -> None:
    hostile = read_hostile(file)
    async with asyncio.timeout(300):
        assert await describe_run(pool, hostile) in hostile.expected
        language = hostile.program.language
        following = ScriptProgram(language, ScriptSource("next", NEXT[language]))
        assert await pool.run(following, {"a": 21}, LIMITS) == NEXT_RESULT[language]
    assert len(pool.list_processes()) <= len(LANGUAGES)


def test_the_corpus_is_large_and_says_what_it_expects() -> None:
    for language in LANGUAGES:
        files = [file for file in FILES if file.parent.name == language]
        assert len(files) >= 40
    for file in FILES:
        for expected in read_hostile(file).expected:
            kind, _, value = expected.partition(" ")
            assert kind in KINDS or (kind == "result" and json.loads(value) is not ...)
