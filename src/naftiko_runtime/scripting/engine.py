"""What a worker process asks of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from naftiko_runtime.scripting.script_program import ErrorKind, ScriptLimits, ScriptProgram

_QUOTED_LENGTH_MAX: Final = 500


class EngineFailure(Exception):  # noqa: N818 - it is a failure of the script, not of the engine
    """A script failed.

    Attributes:
        kind: Why.
        reason: What is known beyond the kind; see :func:`naftiko_runtime.scripting.script_program.explain_failure`.
        fatal: Whether the engine can run no more programs.
    """

    def __init__(self, kind: ErrorKind, reason: str, *, fatal: bool = False) -> None:
        self.kind: Final = kind
        self.reason: Final = reason
        self.fatal: Final = fatal
        super().__init__(kind, reason)


class Engine(Protocol):
    """Runs programs of one language, one after another. No run sees what another one left."""

    def prepare(self, memory_bytes: int) -> None:
        """Do what can be done before the next program is known."""

    def run(self, program: ScriptProgram, context: bytes, limits: ScriptLimits) -> bytes:
        """Run a program with a context in JSON, and return its result as a JSON text, which may be invalid.

        Raises:
            EngineFailure: The script failed.
        """

    def close(self) -> None:
        """End what the engine started."""


def quote(text: str) -> str:
    """A text of a script on one line, of limited length."""
    line = " ".join(text[: _QUOTED_LENGTH_MAX + 1].split())
    return line if len(line) <= _QUOTED_LENGTH_MAX else f"{line[:_QUOTED_LENGTH_MAX]}…"
