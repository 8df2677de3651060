"""Every JSON value passes through a script as it is, in both languages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.scripting.pool import ScriptPool
from naftiko_runtime.scripting.script_program import (
    LANGUAGES,
    Language,
    ScriptError,
    ScriptLimits,
    ScriptProgram,
    ScriptSource,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = ScriptLimits(seconds=60, memory_bytes=64 * 1024 * 1024, statements=100_000, output_bytes=1024 * 1024)

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.one_of(texts, st.sampled_from(["__proto__", "constructor", "toJSON", "length", "get", "keys"]))
numbers = st.one_of(st.integers(), st.integers(-(10**40), 10**40), st.floats(allow_nan=False, allow_infinity=False))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(names, inner)), max_leaves=30)


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[ScriptProgram, Any], Any]]:
    with asyncio.Runner() as runner:
        pool = ScriptPool(workers_max=1)
        yield lambda program, context: runner.run(pool.run(program, context, LIMITS))
        runner.run(pool.close())


def is_same(result: Any, value: Any) -> bool:
    """JavaScript writes floats that are integers as integers, with the shortest digits that mean the same float."""
    match value:
        case dict():
            same_names = isinstance(result, dict) and result.keys() == value.keys()
            return same_names and all(is_same(result[name], value[name]) for name in value)
        case list():
            return isinstance(result, list) and len(result) == len(value) and all(map(is_same, result, value))
        case float():
            return float(result) == value
        case _:
            return type(result) is type(value) and result == value


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=200)
@given(value=values)
@example(value=[2**53, -(2**53), 2**64, 1e22, 1e-7, -0.0, 5e-324, 1.7976931348623157e308])
@example(value={"toJSON": {"toJSON": "x"}, "__proto__": {"toJSON": 1}})
def test_every_value_passes_through(language: Language, value: Any, run: Callable[[ScriptProgram, Any], Any]) -> None:
    program = ScriptProgram(language, ScriptSource("main", "result = {'value': context}"))
    assert is_same(run(program, value), {"value": value})


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=100)
@example(text="é")
@given(text=st.text(st.sampled_from("abc =\n\t'\"`\\{}()[];:,.#/*+-<>$1 é"), max_size=60))
def test_every_text_is_a_script_that_runs_or_fails(
    language: Language, text: str, run: Callable[[ScriptProgram, Any], Any]
) -> None:
    """No text breaks out of its place, or breaks the process."""
    try:
        run(ScriptProgram(language, ScriptSource("main", text)), {})
    except ScriptError as error:
        assert error.kind in {"exception", "no-result", "result-not-json", "statement-limit"}  # noqa: PT017
    assert run(ScriptProgram(language, ScriptSource("main", "result = context")), 1) == 1
