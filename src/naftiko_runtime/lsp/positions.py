"""Places in texts: ours count characters from 1, an editor's count UTF-16 units from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Span


class Stretch(NamedTuple):
    """A stretch of text as an editor counts it: lines and UTF-16 units, both from 0; the end is exclusive."""

    line: int
    start: int
    end_line: int
    end: int


def units(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) + sum(character > "\uffff" for character in text)


def characters(text: str, count: int) -> int:
    """How many characters of a text so many UTF-16 units are."""
    number = 0
    for character in text:
        if count <= 0:
            break
        count -= 2 if character > "\uffff" else 1
        number += 1
    return number


def stretch(span: Span, lines: list[str]) -> Stretch:
    """A span in a text of these lines."""

    def at(line: int, column: int) -> int:
        return units(lines[line - 1][: column - 1]) if line <= len(lines) else 0

    return Stretch(span.line - 1, at(span.line, span.column), span.end_line - 1, at(span.end_line, span.end_column))
