"""A script as a value: its sources, its limits, and why it failed."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias, assert_never, get_args

from msgspec import Struct

from naftiko_runtime.missing_extra import advise_install

Language: TypeAlias = Literal["javascript", "python"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

EXTRA: Final = "scripting"
"""The extra that has the engines of all languages."""

_ENGINES: Final[dict[Language, str]] = {"javascript": "quickjs_rs", "python": "pydantic_monty"}

ErrorKind: TypeAlias = Literal[
    "time-limit",
    "memory-limit",
    "statement-limit",
    "output-limit",
    "exception",
    "crash",
    "result-not-json",
    "no-result",
]


class ScriptSource(Struct, frozen=True):
    """One file of a script.

    Attributes:
        name: Its path relative to the script's folder, for messages.
        text: Its content.
    """

    name: str
    text: str


class ScriptProgram(Struct, frozen=True):
    """What a script step runs.

    Attributes:
        language: Of all its files.
        main: The file that assigns ``result``.
        dependencies: Files that run before it, in this order, and define what it uses.
        variables: Variables for members of the context, as pairs of a variable and a member's name.
    """

    language: Language
    main: ScriptSource
    dependencies: tuple[ScriptSource, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


class ScriptLimits(Struct, frozen=True):
    """What one run of a script may use.

    Attributes:
        seconds: Of time, from the start of the run. Time in the queue for a worker does not count.
        memory_bytes: Of the script's values.
        statements: Statements; none for no limit. JavaScript counts jumps and calls, in steps of 10,000.
        output_bytes: Of the result as JSON.
    """

    seconds: float
    memory_bytes: int
    statements: int | None
    output_bytes: int


class ScriptError(Exception):
    """A script failed. ``str()`` is one sentence that names the file, never a path of this computer.

    The sentence may quote an exception of the script, and so values of the script's context.

    Attributes:
        kind: Why.
        message: The sentence.
    """

    def __init__(self, kind: ErrorKind, message: str) -> None:
        self.kind: Final = kind
        self.message: Final = message
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ScriptError], tuple[ErrorKind, str]]:
        return ScriptError, (self.kind, self.message)


def explain_failure(kind: ErrorKind, reason: str, program: ScriptProgram, limits: ScriptLimits) -> ScriptError:
    """The error for a failed run.

    Args:
        kind: Why it failed.
        reason: What is known beyond the kind and the limits; an exception begins with its place.
        program: What ran.
        limits: What it was allowed.
    """
    name = program.main.name
    match kind:
        case "time-limit":
            text = f"the script {name} runs longer than {limits.seconds:g} s, the limit of 'timeout'"
        case "memory-limit":
            text = f"the script {name} needs more than {limits.memory_bytes:,} bytes of memory"
        case "statement-limit":
            statements = f"{limits.statements or 0:,} statements"
            text = f"the script {name} runs more than {statements}, the limit of 'statementLimit'"
        case "output-limit":
            text = f"the result of the script {name} is larger than {limits.output_bytes:,} bytes"
        case "result-not-json":
            text = f"the result of the script {name} is not JSON: {reason}"
        case "no-result":
            text = f"the script {name} assigns no value to 'result'"
        case "exception":
            text = f"the script failed in {reason}"
        case "crash":
            text = f"the process of the script {name} failed: {reason}"
        case _:
            assert_never(kind)
    return ScriptError(kind, text)


def describe_missing_engine(language: Language) -> str | None:
    """How to install the engine of a language; none if it is installed."""
    if find_spec(_ENGINES[language]) is not None:
        return None
    return f"{language} scripts need the extra '{EXTRA}'; {advise_install(EXTRA)}"


_VARIABLE: Final = re.compile(r"[a-z][A-Za-z0-9_]*")
_WORD_START: Final = re.compile(r"[-.\s]+([A-Za-z0-9])")
_RESERVED: Final = frozenset(
    # What either language refuses as a variable, or what a script needs itself.
    re.findall(
        r"\w+",
        """
        and arguments as assert async await break case catch class const context continue debugger def default del
        delete do elif else enum eval except export extends false finally for from function global if implements import
        in instanceof interface is lambda let new nonlocal not null or package pass private protected public raise
        result return static super switch this throw true try typeof undefined var void while with yield
        """,
    )
)


def name_variable(step: str) -> str | None:
    """The camel-cased variable for a step's output: ``getShip`` for ``get-ship``. None if it is not a variable."""
    name = _WORD_START.sub(lambda found: found[1].upper(), step)
    name = name[:1].lower() + name[1:]
    return name if _VARIABLE.fullmatch(name) and name not in _RESERVED else None
