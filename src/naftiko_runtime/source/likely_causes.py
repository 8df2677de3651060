"""Finds the likely cause of a syntax error, where libyaml notices it later: a quote, a bracket or the indentation.

libyaml's errors have no codes: only their texts tell them apart. Tests pin each text that is read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source.source import Source

_SMART_QUOTED: Final = compile_lazily("(?:[:\\[{,-] +|[\\[{])([\u2018\u201c\u201e])")
"""A typographic quote where a value begins."""
_VALUE_START: Final = compile_lazily(r"(?:[:,] +|[\[{] *)(?=[^\s\[{,]*$)")
"""The last place of a text where a value of a flow mapping or list can begin."""
_KEY: Final = compile_lazily(r"( *)(?:- +)*([^\s#:\"'{\[][^:\"'{\[]*): +[^\s#|>&!{\[\"'].*")
"""A line with a key and plain text as its value."""
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}


def find_likely_cause(error: yaml.YAMLError, source: Source) -> tuple[Statement, Span, None] | None:
    """Return the probable cause of an error and its place. None if libyaml's message is right."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None or error.problem_mark is None:
        return None
    line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
    return (
        _find_smart_quote(source, line)
        or _find_open_quote(error.problem, source, line, column)
        or _find_bracket(error.problem, source, line, column)
        or _find_deeper_key(error.problem, source, line, column)
    )


def _find_smart_quote(source: Source, line: int) -> tuple[Statement, Span, None] | None:
    match = _SMART_QUOTED.search(source.get_line(line))
    if match is None:
        return None
    return rules.SYNTAX_SMART_QUOTE(character=match[1]), _make_span(source, line, match.start(1) + 1), None


def _find_open_quote(problem: str, source: Source, line: int, column: int) -> tuple[Statement, Span, None] | None:
    """Return a quoted text of several lines just before the error: its closing quote was meant to open another text."""
    if not problem.startswith("did not find expected"):
        return None
    last = None
    for start, end in _list_quoted(source.text):
        if (end.line + 1, end.column + 1) <= (line, column):
            last = (start, end)
    if last is None or last[0].line == last[1].line or (last[1].line + 1, last[1].column + 1) != (line, column):
        return None
    start = last[0]
    return rules.SYNTAX_QUOTE(), _make_span(source, start.line + 1, start.column + 1), None


def _list_quoted(text: str) -> Iterator[tuple[yaml.Mark, yaml.Mark]]:
    """Yield the places of quoted texts, up to an error."""
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                yield token.start_mark, token.end_mark
    except yaml.YAMLError:
        return


def _find_bracket(problem: str, source: Source, line: int, column: int) -> tuple[Statement, Span, None] | None:
    """Return a bracket inside unquoted text, which ends the text there."""
    text = source.get_line(line)
    before, character = text[: column - 1], text[column - 1 : column]
    if not problem.startswith("did not find expected ','") or character not in ("[", "{") or before[-1:] in ("", " "):
        return None
    starts = [match.end() for match in _VALUE_START.finditer(before)]
    if not starts:
        return None
    value = text[starts[-1] : _find_end(text, column - 1)].rstrip()
    span = Span(source.file, line, starts[-1] + 1, line, starts[-1] + len(value) + 1)
    if not value.startswith("$"):  # other text may be a credential
        return rules.SYNTAX_UNQUOTED_BRACKET(character=character), span, None
    quoted = f"'{value}'" if '"' in value else f'"{value}"'
    return rules.SYNTAX_UNQUOTED_PATH(character=character, text=quoted), span, None


def _find_end(text: str, start: int) -> int:
    """Return the end of a value with brackets: the first comma or closing bracket outside of them."""
    closing: list[str] = []
    for index in range(start, len(text)):
        character = text[index]
        if character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif not closing and character in ",]}":
            return index
    return len(text)


def _find_deeper_key(problem: str, source: Source, line: int, column: int) -> tuple[Statement, Span, None] | None:
    """Return a key that is indented deeper than the one above, which has a value already."""
    if not problem.startswith("mapping values are not allowed"):
        return None
    text, above = source.get_line(line), _KEY.fullmatch(source.get_line(line - 1).rstrip())
    indent = len(text) - len(text.lstrip(" "))
    key = text[indent : column - 1]
    if above is None or not key or " " in key or indent <= len(above[1]):
        return None
    return rules.SYNTAX_INDENTED_DEEPER(key=key, above=above[2]), _make_span(source, line, indent + 1, len(key)), None


def _make_span(source: Source, line: int, column: int, length: int = 1) -> Span:
    return Span(source.file, line, column, line, column + length)
