"""The program of a worker process: reads tasks from the standard input, and writes replies to the standard output.

It is started with an empty environment and no descriptor but these. It ends when its input ends.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import json

from naftiko_runtime.scripting.engine import EngineFailure
from naftiko_runtime.scripting.harden import harden_at_start, harden_when_warm, limit_cpu
from naftiko_runtime.scripting.messages import (
    FAILURE_BYTES_MAX,
    REPLY_HEAD,
    REQUEST_HEAD,
    ReplyKind,
    ScriptFailure,
    Task,
)
from naftiko_runtime.scripting.script_program import ScriptLimits, ScriptProgram, ScriptSource

if TYPE_CHECKING:
    from naftiko_runtime.scripting.engine import Engine
    from naftiko_runtime.scripting.script_program import Language

_FIRST_SCRIPT: Final = ScriptSource("first", "é = context\nresult = [é]")
"""Python loads a table of Unicode for the first name that is not ASCII. Later, it could not open the file."""
_FIRST_LIMITS: Final = ScriptLimits(seconds=60, memory_bytes=64 * 1024 * 1024, statements=1000, output_bytes=1024)


def serve(engine: Engine, tasks: BinaryIO, replies: BinaryIO) -> None:
    """Run tasks until there are no more, or the engine fails."""
    while (head := tasks.read(REQUEST_HEAD.size)) and len(head) == REQUEST_HEAD.size:
        task_bytes, context_bytes = REQUEST_HEAD.unpack(head)
        task = json.decode(tasks.read(task_bytes), type=Task)
        kind, body = _answer(engine, task, tasks.read(context_bytes))
        replies.write(REPLY_HEAD.pack(kind, len(body)) + body)
        replies.flush()
        if kind == ReplyKind.LAST:
            return
        engine.prepare(task.limits.memory_bytes)


def _answer(engine: Engine, task: Task, context: bytes) -> tuple[ReplyKind, bytes]:
    limit_cpu(task.limits.seconds)
    try:
        result = engine.run(task.program, context, task.limits)
        if len(result) > task.limits.output_bytes:
            raise EngineFailure("output-limit", "")  # noqa: TRY301 - it is answered as any other failure
    except EngineFailure as failure:
        body = json.encode(ScriptFailure(failure.kind, failure.reason))
        return ReplyKind.LAST if failure.fatal else ReplyKind.FAILED, body[:FAILURE_BYTES_MAX]
    except MemoryError:
        return ReplyKind.LAST, json.encode(ScriptFailure("memory-limit", ""))
    return ReplyKind.RESULT, result


def warm_up(language: Language) -> Engine:
    """An engine that has run a program, so that all that it loads is loaded."""
    engine = _load_engine(language)
    engine.run(ScriptProgram(language, _FIRST_SCRIPT), b"1", _FIRST_LIMITS)
    engine.prepare(_FIRST_LIMITS.memory_bytes)
    return engine


def _load_engine(language: Language) -> Engine:
    if language == "javascript":
        from naftiko_runtime.scripting.javascript import JavaScriptEngine  # noqa: PLC0415 - it loads an extra

        return JavaScriptEngine()
    from naftiko_runtime.scripting.python import PythonEngine  # noqa: PLC0415 - it loads an extra

    return PythonEngine()


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output, which engines then find closed: what they print must not be taken for a reply."""
    tasks, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    return os.fdopen(tasks, "rb"), os.fdopen(replies, "wb")


def main(language: Language, data_bytes: int) -> None:
    """Serve until the input ends."""
    tasks, replies = take_standard_streams()
    harden_at_start(data_bytes)
    engine = warm_up(language)
    harden_when_warm()
    replies.write(REPLY_HEAD.pack(ReplyKind.READY, 0))
    replies.flush()
    serve(engine, tasks, replies)
    engine.close()


if __name__ == "__main__":
    main("javascript" if sys.argv[1] == "javascript" else "python", int(sys.argv[2]))
