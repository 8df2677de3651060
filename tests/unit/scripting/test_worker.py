"""The program of a worker process, run in this process."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from msgspec import json

from naftiko_runtime.scripting.engine import EngineFailure, quote
from naftiko_runtime.scripting.messages import REPLY_HEAD, REQUEST_HEAD, ReplyKind, ScriptFailure, Task
from naftiko_runtime.scripting.script_program import LANGUAGES, Language, ScriptLimits, ScriptProgram, ScriptSource
from naftiko_runtime.scripting.worker import serve, warm_up


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit would end this process some time later."""
    monkeypatch.setattr("naftiko_runtime.scripting.worker.limit_cpu", lambda _seconds: None)


LIMITS = ScriptLimits(seconds=60, memory_bytes=64 * 1024 * 1024, statements=100_000, output_bytes=100)
SMALL = ScriptLimits(seconds=60, memory_bytes=16 * 1024 * 1024, statements=None, output_bytes=100)


def encode(language: Language, text: str, context: bytes, limits: ScriptLimits = LIMITS) -> bytes:
    task = json.encode(Task(ScriptProgram(language, ScriptSource("main", text)), limits))
    return REQUEST_HEAD.pack(len(task), len(context)) + task + context


def read_replies(replies: bytes) -> list[tuple[ReplyKind, Any]]:
    found = []
    while replies:
        kind, size = REPLY_HEAD.unpack_from(replies)
        body, replies = replies[REPLY_HEAD.size :][:size], replies[REPLY_HEAD.size + size :]
        is_result = kind == ReplyKind.RESULT
        found.append((ReplyKind(kind), json.decode(body) if is_result else json.decode(body, type=ScriptFailure)))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_tasks_are_answered_in_order(language: Language) -> None:
    tasks = BytesIO(
        encode(language, "result = [context]", b'{"a":12345678901234567890}')
        + encode(language, "result = 'x'", b"1", SMALL)
        + encode(language, "result = context", json.encode("x" * 200))
        + encode(language, "missing()", b"1")
        + encode(language, "x = 1", b"1")
        + encode(language, "result = context", b"[1]")
        + b"\0"  # a task that was not sent completely
    )
    replies = BytesIO()
    engine = warm_up(language)
    serve(engine, tasks, replies)
    engine.close()
    found = read_replies(replies.getvalue())
    assert [(kind, body.kind if isinstance(body, ScriptFailure) else body) for kind, body in found] == [
        (ReplyKind.RESULT, [{"a": 12345678901234567890}]),
        (ReplyKind.RESULT, "x"),
        (ReplyKind.FAILED, "output-limit"),
        (ReplyKind.FAILED, "exception"),
        (ReplyKind.FAILED, "no-result"),
        (ReplyKind.RESULT, [1]),
    ]


class BrokenEngine:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def prepare(self, memory_bytes: int) -> None:
        raise AssertionError(memory_bytes)

    def run(self, program: ScriptProgram, context: bytes, limits: ScriptLimits) -> bytes:  # noqa: ARG002
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "kind"), [(EngineFailure("crash", "it ended", fatal=True), "crash"), (MemoryError(), "memory-limit")]
)
def test_a_worker_ends_after_a_fatal_failure(error: Exception, kind: str) -> None:
    replies = BytesIO()
    serve(BrokenEngine(error), BytesIO(encode("python", "x", b"1") * 2), replies)
    [(reply, failure)] = read_replies(replies.getvalue())
    assert (reply, failure.kind) == (ReplyKind.LAST, kind)


def test_texts_of_scripts_are_quoted_on_one_line() -> None:
    assert quote("a\nb\t c") == "a b c"
    assert quote("x" * 501) == "x" * 500 + "…"
