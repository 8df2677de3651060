"""Excerpts of a text: the lines above a place that contain it, and the small parts beside them.

An editor sends a request at every keystroke, and the text is mostly not valid YAML at that moment. The indentation
shows which lines a place belongs to. All other lines become empty. So rows do not change, faults elsewhere do not
matter, and an excerpt costs the same in a document of ten operations and of five hundred.
"""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

PART_LINES_MAX: Final = 60
"""How long a part beside the way to a place may be to be taken whole; of a longer one only its key."""

LINES_MAX: Final = 600
"""How many lines of such parts are taken in all, from the nearest on."""

_START: Final = re.compile(r" *((?:- +|-$)*)")
_HEAD: Final = re.compile(r"(?:- +)*[\w$-]+:(?=\s|$)")


class _LineStart(NamedTuple):
    """The beginning of a line: at its dashes, and after them."""

    row: int
    indent: int
    content: int


def make_excerpt(
    lines: Sequence[str], row: int, column: int, without: AbstractSet[int] = frozenset(), *, whole: bool = False
) -> list[str]:
    """Return the lines; those that a place does not need are empty.

    Args:
        lines: The lines of the whole text.
        row: The row of the place, from 0. Its line is kept unchanged.
        column: The column of the place, from 0. It counts only if the line is white space.
        without: Rows to omit, because they are not YAML.
        whole: Whether to keep the lines below the place as well.
    """
    kept: dict[int, str] = {row: lines[row]}
    left = LINES_MAX
    level: _LineStart | None = _read_line(lines, row) or _LineStart(row, column, column)
    if whole and level is not None:
        end = min(_find_end(lines, level), row + PART_LINES_MAX)
        kept |= {number: lines[number] for number in range(row, end)}
    while level is not None:
        above, first = _find_above(lines, level)
        for start, end in (*above, *_find_below(lines, level)):
            size = end - start
            if not without.isdisjoint(range(start, end)):
                continue
            if size <= min(PART_LINES_MAX, left):
                kept |= {number: lines[number] for number in range(start, end)}
                left -= size
            elif head := _HEAD.match(lines[start].lstrip(" ")):
                margin = len(lines[start]) - len(lines[start].lstrip(" "))
                kept[start] = " " * margin + head[0]
        kept[first.row] = kept.get(first.row) or _read_key(lines[first.row], first)
        level = _find_parent(lines, first)
        if level is not None:
            kept[level.row] = lines[level.row]
    return [kept.get(number, "") for number in range(len(lines))]


def _read_line(lines: Sequence[str], row: int, deepest: float = inf) -> _LineStart | None:
    """Return where a line begins; None for an empty line, a comment, or a line that is indented deeper than wanted."""
    text = lines[row]
    if len(text) - len(text.lstrip(" ")) > deepest:
        return None
    match = _START.match(text)
    assert match is not None  # noqa: S101 - it matches everything
    rest = text[match.end() :]
    if (not rest.strip() and not match[1]) or rest.startswith("#"):
        return None
    return _LineStart(row, match.end() - len(match[1]), match.end())


def _read_key(text: str, line: _LineStart) -> str:
    """Return the first line of a list entry; only its dash if the path does not go through the rest of the line."""
    head = _HEAD.match(text[line.indent :])
    return text if head is None else text[: line.indent] + head[0]


def _iter_up(lines: Sequence[str], row: int, deepest: int) -> Iterator[_LineStart]:
    return (line for number in range(row - 1, -1, -1) if (line := _read_line(lines, number, deepest)) is not None)


def _find_above(lines: Sequence[str], level: _LineStart) -> tuple[list[tuple[int, int]], _LineStart]:
    """Find the parts of the same mapping above a line, nearest first, and the first line of the mapping."""
    parts: list[tuple[int, int]] = []
    first, end = level, level.row
    if level.indent < level.content:
        return parts, level
    for line in _iter_up(lines, level.row, level.content):
        if line.content < level.content:
            break
        if line.content == level.content:
            parts.append((line.row, end))
            first, end = line, line.row
            if line.indent < line.content:
                break
    return parts, first


def _find_below(lines: Sequence[str], level: _LineStart) -> list[tuple[int, int]]:
    """Find the parts of the same mapping below a line."""
    parts: list[tuple[int, int]] = []
    start = 0
    for row in range(level.row + 1, len(lines)):
        line = _read_line(lines, row, level.content)
        if line is None:
            continue
        if start and (line.indent < level.content or line.content == level.content):
            parts.append((start, row))
            start = 0
        if line.indent < level.content:
            break
        if line.content == level.content:
            start = row
    return [*parts, (start, len(lines))] if start else parts


def _find_end(lines: Sequence[str], level: _LineStart) -> int:
    """Find the row after everything below a line."""
    rows = range(level.row + 1, len(lines))
    return next((row for row in rows if _read_line(lines, row, level.content)), len(lines))


def _find_parent(lines: Sequence[str], first: _LineStart) -> _LineStart | None:
    """Find the line that contains a mapping, given the first line of the mapping."""
    entry = first.indent < first.content
    for line in _iter_up(lines, first.row, first.indent):
        if line.content < first.indent or (entry and line.content == first.indent):
            return line
        if entry and line.indent < first.indent:
            return line
    return None
