"""Python by Monty, an interpreter for a subset of Python, written in Rust. It runs in one more process.

Every run has a new session: its own heap and globals.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import pydantic_monty

from naftiko_runtime.scripting.count_statements import CountedScript, add_counter
from naftiko_runtime.scripting.engine import EngineFailure, quote

if TYPE_CHECKING:
    from naftiko_runtime.scripting.script_program import ErrorKind, ScriptLimits, ScriptProgram, ScriptSource

_NO_SLEEP: Final[pydantic_monty.OSPolicy] = {"sleep": "call_host"}
"""Without a handler for it, ``time.sleep`` is an exception. Sleep would not count as time that a script runs."""
_SETUP: Final = """\
import json as json_{id}
context = json_{id}.loads(context)
count_{id} = 0
def add_{id}(statements):
    global count_{id}
    count_{id} += statements
    if count_{id} > {statements_max}:
        raise RuntimeError('too many statements {id}')
def encode_{id}(value):
    add_{id}(0)
    return json_{id}.dumps(value, allow_nan=False, ensure_ascii=False, separators=(',', ':'))
"""
_UNLIMITED: Final = 2**62


class PythonEngine:
    """Runs programs."""

    def __init__(self) -> None:
        self._monty = pydantic_monty.Monty(min_processes=1, max_processes=1)
        self._monty.__enter__()

    def prepare(self, memory_bytes: int) -> None:
        """Nothing: a session starts in a tenth of a millisecond."""

    def run(self, program: ScriptProgram, context: bytes, limits: ScriptLimits) -> bytes:
        """The result as JSON.

        Raises:
            EngineFailure: The script failed.
        """
        resources: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": limits.seconds,
            "max_memory": limits.memory_bytes,
            "max_suspensions": 1,
        }
        with self._monty.checkout(script_name=program.main.name, limits=resources, os_policy=_NO_SLEEP) as session:
            return _Run(session, program, limits).run(context)

    def close(self) -> None:
        """End the interpreter's process."""
        self._monty.__exit__(None, None, None)


class _Run:
    """One run of a program in a new session."""

    def __init__(self, session: pydantic_monty.MontySession, program: ScriptProgram, limits: ScriptLimits) -> None:
        self._session = session
        self._program = program
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        # A script that knew the names could reset the counter.
        self._id = secrets.token_hex(8)
        self._fed: list[tuple[ScriptSource, CountedScript]] = []

    def run(self, context: bytes) -> bytes:
        """The result as JSON."""
        self._set_context(context)
        for source in (*self._program.dependencies, self._program.main):
            counted = self._add_counter(source)
            self._fed.append((source, counted))
            self._feed(counted.text)
        return self._encode_result()

    def _set_context(self, context: bytes) -> None:
        statements = self._limits.statements
        setup = _SETUP.format(id=self._id, statements_max=_UNLIMITED if statements is None else statements)
        variables = "".join(f"{name} = context.get({member!r})\n" for name, member in self._program.variables)
        self._feed(setup + variables, inputs={"context": context.decode()})

    def _add_counter(self, source: ScriptSource) -> CountedScript:
        if self._limits.statements is None:
            return CountedScript(source.text, ())
        try:
            return add_counter(source.text, f"add_{self._id}")
        except SyntaxError as error:
            line = f", line {error.lineno}" if error.lineno else ""
            raise EngineFailure("exception", f"{source.name}{line}: SyntaxError: {quote(error.msg)}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise EngineFailure("exception", f"{source.name}: SyntaxError: {quote(str(error))}") from None

    def _encode_result(self) -> bytes:
        try:
            encoded = self._feed(f"encode_{self._id}(result)")
        except EngineFailure as failure:
            if failure.kind != "exception":
                raise
            if "NameError" in failure.reason:
                raise EngineFailure("no-result", "") from None
            raise EngineFailure("result-not-json", failure.reason.partition(": ")[2]) from None
        if not isinstance(encoded, str):
            raise EngineFailure("result-not-json", "its encoder was replaced")
        return encoded.encode()

    def _feed(self, text: str, inputs: dict[str, Any] | None = None) -> Any:
        try:
            value = self._session.feed_run(text, inputs=inputs, print_callback=_drop)
        except pydantic_monty.MontyCrashedError as error:
            kind: ErrorKind = "time-limit" if error.timed_out else "crash"
            raise EngineFailure(kind, "the interpreter ended", fatal=True) from None
        except pydantic_monty.MontyError as error:
            raise self._explain(error) from None
        if time.monotonic() > self._deadline:
            raise EngineFailure("time-limit", "")
        return value

    def _explain(self, error: pydantic_monty.MontyError) -> EngineFailure:
        text = quote(str(error))
        if text.startswith("MemoryError: the worker exceeded its memory limit"):  # which ended the interpreter
            return EngineFailure("memory-limit", "", fatal=True)
        if time.monotonic() >= self._deadline:
            return EngineFailure("time-limit", "")
        if text.startswith("MemoryError: memory limit exceeded"):
            return EngineFailure("memory-limit", "")
        if self._id in text:
            return EngineFailure("statement-limit", "")
        if isinstance(error, pydantic_monty.MontySyntaxError):
            text = f"SyntaxError: {text}"
        return EngineFailure("exception", f"{self._find_place(error)}: {text}")

    def _find_place(self, error: pydantic_monty.MontyError) -> str:
        """The file and line of the innermost call. Monty numbers what it is fed from 0, which is the setup."""
        frames = error.traceback() if hasattr(error, "traceback") else ()
        for frame in reversed(frames):
            number = frame.filename.removeprefix("<python-input-").removesuffix(">")
            if number.isdigit() and 0 < int(number) <= len(self._fed):
                source, counted = self._fed[int(number) - 1]
                return f"{source.name}, line {counted.find_line(frame.line)}"
        return self._program.main.name


def _drop(_stream: str, _text: str) -> None:
    """What a script prints is lost, as documented: there is no one who could read it."""
