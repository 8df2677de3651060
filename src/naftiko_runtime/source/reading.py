"""Reads and parses YAML files, and reports the place and the cause of an error."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeAlias

import yaml

from naftiko_runtime import limits, rules
from naftiko_runtime.diagnostic import Findings, Span, diagnose
from naftiko_runtime.rules import helps
from naftiko_runtime.source.builder import DataBuilder
from naftiko_runtime.source.likely_causes import find_likely_cause
from naftiko_runtime.source.source import LINE_BREAK, Places, Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from naftiko_runtime.rules import Advice, Statement

ReadSource: TypeAlias = "Callable[[Path, str], Source]"
"""Reads a file under a name to show for it; like :func:`read_source`."""

_YAML_FAULTS: Final = (
    ("found a tab", None, helps.INDENT_WITH_SPACES),
    ("mapping values are not allowed", rules.SYNTAX_COLON, None),
    ("could not find expected ':'", rules.SYNTAX_KEY, None),
    ("block sequence entries are not allowed", rules.SYNTAX_LIST, None),
    ("found unexpected end of stream", rules.SYNTAX_QUOTE, None),
    ("did not find expected key", None, helps.CHECK_INDENTATION),
    ("did not find expected '-'", None, helps.CHECK_INDENTATION),
    ("did not find expected ','", rules.SYNTAX_BRACKETS, None),
    ("found unknown escape", None, helps.DOUBLE_BACKSLASH),
)
"""libyaml's errors by the start of their message: our own message if theirs is unclear, or advice."""

_SUFFIXES: Final = frozenset({"", ".yaml", ".yml", ".json"})
"""Of files whose author means YAML."""


def read_source(path: Path, name: str | None = None) -> Source:
    """Read a file.

    Raises:
        SourceError: It cannot be read, is not UTF-8 or YAML, or exceeds a limit.
    """
    shown = name or str(path)
    return parse_source(read_file(path, shown), shown)


def read_file(path: Path, name: str) -> bytes:
    """Read the bytes of a file, at most one more than a document may have.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limits.DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise _make_error(rules.UNREADABLE(file=name, problem=error.strerror or ""), None) from None


def parse_source(raw: bytes, file: str) -> Source:
    """Parse the bytes of a document.

    Raises:
        SourceError: As for :func:`read_source`.
    """
    start = Span(file, 1, 1, 1, 1)
    if len(raw) > limits.DOCUMENT_BYTES_MAX:
        raise _make_error(rules.TOO_LARGE_FILE(most=f"{limits.DOCUMENT_BYTES_MAX:,}"), start)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _find_span_after(raw[: error.start].decode("utf-8-sig"), file)
        shown = Source(file, raw.decode("utf-8-sig", "replace"), None, Places())
        raise _make_error(rules.UNREADABLE_ENCODING(), place, source=shown) from None
    places, findings = Places(), Findings()
    try:
        data = DataBuilder(file, text, places, findings).build()
    except yaml.YAMLError as error:
        source = Source(file, text, None, places)
        span = _find_problem_span(error, source)
        # libyaml from 0.2.6 on counts, too, and looks further ahead. Its errors have no codes: only their texts tell
        # them apart. Tests pin each text that is read here and in `likely_causes`.
        if "nesting depth" in str(error):
            raise _make_error(rules.TOO_LARGE_DEPTH(most=str(limits.DOCUMENT_DEPTH_MAX)), span, source=source) from None
        pasted = _find_pasted_text(error, span, source)
        statement, place, advice = pasted or find_likely_cause(error, source) or _describe_problem(error, span, source)
        if PurePath(file).suffix not in _SUFFIXES:
            advice = helps.EXPECT_CAPABILITY()
        raise _make_error(statement, place, advice, source) from None
    source = Source(file, text, data, places)
    if findings.has_errors:
        raise SourceError(findings.list_sorted(), source)
    return source


_NO_BREAK_SPACE: Final = "\u00a0"


def _make_error(
    statement: Statement, span: Span | None, advice: Advice | None = None, source: Source | None = None
) -> SourceError:
    return SourceError([diagnose(statement, span, advice)], source)


def _find_span_after(text: str, file: str) -> Span:
    """Return the place of what follows a text."""
    lines = LINE_BREAK.split(text)
    return Span(file, len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 2)


def _describe_problem(error: yaml.YAMLError, span: Span, source: Source) -> tuple[Statement, Span, Advice | None]:
    """Return what is wrong, where, and what to do about it."""
    if isinstance(error, yaml.reader.ReaderError):
        return rules.SYNTAX_CONTROL(code=f"{_get_code(error):04X}"), span, None
    if not isinstance(error, yaml.MarkedYAMLError) or not error.problem:
        return rules.SYNTAX(problem=str(error).split("\n", 1)[0]), span, None
    if error.problem.startswith("found character that cannot start"):
        character = source.get_line(span.line)[span.column - 1 : span.column]
        if character == "\t":
            return rules.SYNTAX_TAB(), span, None
        return rules.SYNTAX_CHARACTER(character=character), span, None
    theirs = rules.SYNTAX(problem=", ".join(part for part in (error.problem, error.context) if part))
    for start, ours, advice in _YAML_FAULTS:
        if error.problem.startswith(start):
            return theirs if ours is None else ours(), span, None if advice is None else advice()
    return theirs, span, None


def _find_pasted_text(error: yaml.YAMLError, span: Span, source: Source) -> tuple[Statement, Span, None] | None:
    """Return the finding for pasted text that causes the error: conflict markers, or no-break spaces."""
    if (number := _find_conflict_line(source.text)) is not None:
        place = Span(source.file, number, 1, number, len(source.get_line(number)) + 1)
        return rules.SYNTAX_CONFLICT(), place, None
    near = (source.get_line(number) for number in (span.line - 1, span.line))
    if any(_NO_BREAK_SPACE in line for line in near) and not isinstance(error, yaml.reader.ReaderError):
        number = span.line - 1 if _NO_BREAK_SPACE in source.get_line(span.line - 1) else span.line
        column = source.get_line(number).index(_NO_BREAK_SPACE) + 1
        place = Span(source.file, number, column, number, column + 1)
        return rules.SYNTAX_NO_BREAK_SPACE(), place, None
    return None


def _find_conflict_line(text: str) -> int | None:
    """Return the line on which an unresolved merge conflict begins, counted from 1."""
    lines = LINE_BREAK.split(text)
    if not any(line.startswith(">>>>>>> ") for line in lines):
        return None
    return next((number for number, line in enumerate(lines, 1) if line.startswith("<<<<<<< ")), None)


def _get_code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _find_problem_span(error: yaml.YAMLError, source: Source) -> Span:
    if isinstance(error, yaml.reader.ReaderError):
        return _find_span_after(source.text.partition(chr(_get_code(error)))[0], source.file)
    marks = [error.problem_mark, error.context_mark] if isinstance(error, yaml.MarkedYAMLError) else []
    # The opening bracket, or the key, is more helpful than the place of the error.
    if any(problem in str(error) for problem in ("did not find expected ','", "could not find expected ':'")):
        marks.reverse()
    for mark in marks:
        if mark is not None and source.get_line(mark.line + 1):
            return Span(source.file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return Span(source.file, 1, 1, 1, 1)
