"""JavaScript by QuickJS, compiled to WebAssembly. Every run has a new instance: its own memory and globals."""

from __future__ import annotations

import math
import re
import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import quickjs_rs
import quickjs_rs._engine as engine_errors
import wasmtime
from msgspec import json

from naftiko_runtime.scripting.engine import EngineFailure, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.scripting.script_program import ErrorKind, ScriptLimits, ScriptProgram, ScriptSource

_STATEMENTS_EACH_POLL: Final = 10_000
"""QuickJS calls the interrupt handler once for so many jumps and calls."""
_UNLIMITED_SECONDS: Final = 1e9
"""The library's own time limit; the interrupt handler has ours."""
_LONG_INTEGER: Final = re.compile(rb"[0-9]{16}")
_READ_RESULT: Final = "() => typeof result === 'undefined' ? undefined : result"
"""The value of the text that is run. It sees ``result`` also if that is declared with ``let``."""
_LINE: Final = re.compile(r"<input>:([0-9]{1,9})\b")
_STACK_LENGTH_MAX: Final = 4_000
_CALLS_TOO_DEEP: Final = "RangeError: maximum call stack size exceeded"
_NO_MEMORY: Final = frozenset({"Error: null", "Error: call status=2"})
"""The engine has no memory left for an exception, or for an argument. A script can throw the same."""
_ERRORS: Final = (quickjs_rs.QuickJSError, engine_errors.QuickJSError, wasmtime.WasmtimeError, wasmtime.Trap)
"""Of the library's public and inner layers, and of WebAssembly."""


class _Realm:
    """One instance of the engine, for one run."""

    def __init__(self, memory_bytes: int, prelude: str) -> None:
        self.memory_bytes = memory_bytes
        self.stopped: ErrorKind | None = None
        self._polls = 0
        self._polls_max = math.inf
        self._deadline = time.monotonic() + _UNLIMITED_SECONDS
        self._runtime = quickjs_rs.Runtime(memory_limit=memory_bytes)
        # The public interface has a time limit only. The handler also counts.
        self._runtime._engine_rt.set_interrupt_handler(self._is_over)  # noqa: SLF001
        self._context = self._runtime.new_context(timeout=_UNLIMITED_SECONDS)
        self._start_task = self._context.eval_handle(prelude)

    def run(self, task: str, limits: ScriptLimits) -> Any:
        """Run a task, and what it left in the queue of promises. A function that encodes the result."""
        statements = limits.statements
        self._polls = 0
        self._polls_max = math.inf if statements is None else max(1, statements // _STATEMENTS_EACH_POLL)
        self._deadline = time.monotonic() + limits.seconds
        encode_result = self._start_task.call(task)
        # The public interface needs an event loop. One call runs a limited number of jobs.
        while self.stopped is None and self._context._engine_ctx.run_pending_jobs():  # noqa: SLF001
            pass
        self._polls_max = math.inf  # encoding is not the script's work
        return encode_result

    def has_full_memory(self) -> bool:
        """Whether the engine's memory, which never shrinks, has grown to the limit."""
        instance = self._context._engine_ctx._inst  # noqa: SLF001 - the public interface counts only what is in use
        size: int = instance.mem.data_len(instance.store)
        return size >= self.memory_bytes

    def close(self) -> None:
        """Free the memory."""
        self._context.close()
        self._runtime.close()

    def _is_over(self) -> bool:
        self._polls += 1
        if time.monotonic() >= self._deadline:
            self.stopped = "time-limit"
        elif self._polls >= self._polls_max:
            self.stopped = "statement-limit"
        return self.stopped is not None


class JavaScriptEngine:
    """Runs programs. Between runs, one realm is freed and the next one is made: no run waits for it."""

    def __init__(self) -> None:
        self._prelude = files("naftiko_runtime.scripting").joinpath("javascript.js").read_text("utf-8")
        self._next: _Realm | None = None
        self._last: _Realm | None = None

    def prepare(self, memory_bytes: int) -> None:
        """Free the realm of the last run, and make the one for the next."""
        self._close_last()
        if self._next is None:
            self._next = _Realm(memory_bytes, self._prelude)

    def run(self, program: ScriptProgram, context: bytes, limits: ScriptLimits) -> bytes:
        """The result as JSON.

        Raises:
            EngineFailure: The script failed.
        """
        self._close_last()
        realm, self._next = self._next, None
        if realm is None or realm.memory_bytes != limits.memory_bytes:
            realm = _Realm(limits.memory_bytes, self._prelude)
        self._last = realm
        return _run_in(realm, program, context, limits)

    def _close_last(self) -> None:
        if self._last is not None:
            self._last.close()
            self._last = None

    def close(self) -> None:
        """Nothing is left open: instances end with the process."""


def _run_in(realm: _Realm, program: ScriptProgram, context: bytes, limits: ScriptLimits) -> bytes:
    sources = (*program.dependencies, program.main)
    try:
        encode_result = realm.run(_write_task(program, context), limits)
    except _ERRORS as error:
        raise _explain(error, realm, sources) from None
    try:
        encoded = encode_result.call().to_python()
    except _ERRORS as error:
        failure = _explain(error, realm, sources)
        if failure.kind != "exception":
            raise failure from None
        raise EngineFailure("result-not-json", quote(getattr(error, "message", str(error)))) from None
    if realm.stopped is not None:  # in a promise, which keeps the interruption to itself
        raise EngineFailure(realm.stopped, "")
    if not isinstance(encoded, str):
        raise EngineFailure("no-result", "")
    return encoded.encode()


def _write_task(program: ScriptProgram, context: bytes) -> str:
    """What ``javascript.js`` reads. All files are one script, so that they share what they declare."""
    has_long_integers = "1" if _LONG_INTEGER.search(context) else "0"
    variables = json.encode(program.variables).decode()
    files = (f"{source.text}\n;" for source in (*program.dependencies, program.main))
    return "\0".join((has_long_integers, variables, context.decode(), f"{''.join(files)}{_READ_RESULT}"))


def _explain(error: Exception, realm: _Realm, sources: Sequence[ScriptSource]) -> EngineFailure:
    if realm.stopped is not None:
        return EngineFailure(realm.stopped, "")
    if isinstance(error, quickjs_rs.MemoryLimitError) or (_may_lack_memory(error) and realm.has_full_memory()):
        return EngineFailure("memory-limit", "")
    name = sources[-1].name
    match error:
        case quickjs_rs.JSError():
            text = quote(f"{error.name}: {error.message}")
            return EngineFailure("exception", f"{_find_place(error.stack or '', sources)}: {text}")
        case wasmtime.Trap() if error.trap_code is wasmtime.TrapCode.STACK_OVERFLOW:
            return EngineFailure("exception", f"{name}: {_CALLS_TOO_DEEP}")
        case quickjs_rs.QuickJSError() | engine_errors.QuickJSError():
            return EngineFailure("exception", f"{name}: {quote(str(error))}")
        case _:
            return EngineFailure("crash", "its engine failed")


def _may_lack_memory(error: Exception) -> bool:
    """Whether it is no exception of the script: one that could not be made, or an error of the engine's interface."""
    if isinstance(error, quickjs_rs.JSError):
        return str(error) in _NO_MEMORY
    return isinstance(error, quickjs_rs.QuickJSError | engine_errors.QuickJSError)


def _find_place(stack: str, sources: Sequence[ScriptSource]) -> str:
    """The file and line of the innermost call. All files are one text; a script can write any stack."""
    if found := _LINE.search(stack[:_STACK_LENGTH_MAX]):
        line = int(found[1])
        for source in sources:
            count = source.text.count("\n") + 1
            if 0 < line <= count:
                return f"{source.name}, line {line}"
            line -= count
    return sources[-1].name
