from __future__ import annotations

import pickle

import pytest

from naftiko_runtime.scripting import script_program as program_module
from naftiko_runtime.scripting.script_program import (
    ErrorKind,
    ScriptError,
    ScriptLimits,
    ScriptProgram,
    ScriptSource,
    describe_missing_engine,
    explain_failure,
    name_variable,
)

PROGRAM = ScriptProgram("python", ScriptSource("price.py", "result = 1"))
LIMITS = ScriptLimits(seconds=1.5, memory_bytes=1024, statements=None, output_bytes=2048)


@pytest.mark.parametrize(
    ("step", "variable"),
    [
        ("ship", "ship"),
        ("get-ship", "getShip"),
        ("get-ship-2", "getShip2"),
        ("a_b.c d", "a_bCD"),
        ("getShip", "getShip"),
        ("class", None),
        ("context", None),
        ("result", None),
        ("2nd", None),
        ("é", None),
        ("", None),
        ("Ship", "ship"),
    ],
)
def test_a_step_has_a_camel_cased_variable(step: str, variable: str | None) -> None:
    assert name_variable(step) == variable


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("time-limit", "the script price.py runs longer than 1.5 s, the limit of 'timeout'"),
        ("memory-limit", "the script price.py needs more than 1,024 bytes of memory"),
        ("statement-limit", "the script price.py runs more than 0 statements, the limit of 'statementLimit'"),
        ("output-limit", "the result of the script price.py is larger than 2,048 bytes"),
        ("result-not-json", "the result of the script price.py is not JSON: why"),
        ("no-result", "the script price.py assigns no value to 'result'"),
        ("exception", "the script failed in why"),
        ("crash", "the process of the script price.py failed: why"),
    ],
)
def test_every_kind_of_error_has_a_sentence(kind: ErrorKind, message: str) -> None:
    error = explain_failure(kind, "why", PROGRAM, LIMITS)
    assert (error.kind, error.message, str(error)) == (kind, message, message)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - it was written here
    assert isinstance(copy, ScriptError)
    assert (copy.kind, copy.message) == (kind, message)


def test_a_program_is_a_value() -> None:
    assert pickle.loads(pickle.dumps(PROGRAM)) == PROGRAM  # noqa: S301 - it was written here
    assert len({PROGRAM, ScriptProgram("python", ScriptSource("price.py", "result = 1"))}) == 1


def test_a_missing_engine_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_missing_engine("python") is None
    monkeypatch.setattr(program_module, "find_spec", lambda _: None)
    assert describe_missing_engine("javascript") == (
        "javascript scripts need the extra 'scripting'; in a checkout of naftiko-runtime: pip install '.[scripting]'"
    )
