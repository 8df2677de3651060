"""Converts positions: ours count characters from 1, an editor's count units of an encoding from 0."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

from naftiko_runtime.source import LINE_BREAK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.diagnostic import Span

_BREAK: Final = re.compile(r"\r\n|[\n\r]")
"""What the protocol counts as the end of a line; YAML 1.1, and so a :class:`Span`, knows some more."""

_CODECS: Final[Mapping[str, tuple[str, int]]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}
"""By what editors count in: the codec, and the bytes of a unit."""


class PositionedText:
    """A text with positions of an editor.

    Args:
        text: The text.
        encoding: What the editor counts in.
    """

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text = text
        self._encoding = encoding
        self._starts = _find_line_starts(_BREAK, text)

    def replace_text(self, text: str) -> PositionedText:
        """Return another text with the same encoding of positions."""
        return PositionedText(text, self._encoding)

    @cached_property
    def lines(self) -> list[str]:
        """The lines, as spans count them."""
        return LINE_BREAK.split(self.text)

    @cached_property
    def _own_starts(self) -> list[int]:
        return _find_line_starts(LINE_BREAK, self.text)

    def to_position(self, line: int, column: int) -> tuple[int, int]:
        """Convert a line and column, from 1, to the editor's line and unit."""
        known = line <= len(self._own_starts)
        offset = self._own_starts[line - 1] + column - 1 if known else len(self.text)
        row = bisect_right(self._starts, offset) - 1
        return row, self._count_units(self.text[self._starts[row] : offset])

    def convert_position(self, line: int, unit: int) -> tuple[int, int]:
        """Convert an editor's position to a line and column, from 1; a position past an end becomes that end."""
        row = min(line, len(self._starts) - 1)
        end = self._starts[row + 1] if row + 1 < len(self._starts) else len(self.text)
        shown = self.text[self._starts[row] : end].rstrip("\r\n")
        offset = self._starts[row] + (self._count_characters(shown, unit) if line == row else len(shown))
        own = bisect_right(self._own_starts, offset) - 1
        return own + 1, offset - self._own_starts[own] + 1

    def _count_units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        codec, width = _CODECS[self._encoding]
        return len(text.encode(codec, "surrogatepass")) // width

    def _count_characters(self, text: str, count: int) -> int:
        if text.isascii():
            return min(count, len(text))
        number = 0
        while number < len(text) and count > 0:
            count -= self._count_units(text[number])
            number += 1
        return number


def _find_line_starts(breaks: re.Pattern[str], text: str) -> list[int]:
    return [0, *(match.end() for match in breaks.finditer(text))]


def contains(span: Span, line: int, column: int) -> bool:
    """Return whether a place is in a span, or right after it."""
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)
