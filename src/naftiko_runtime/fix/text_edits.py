"""Edits of a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from naftiko_runtime.source.source import LINE_BREAK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from naftiko_runtime.diagnostic import Edit

Stretch = tuple[int, int]
"""Two offsets into a text, counted in characters."""


@dataclass(frozen=True, slots=True)
class EditableText:
    """A text with places by line and column."""

    text: str
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts.extend([0, *(match.end() for match in LINE_BREAK.finditer(self.text))])

    def locate(self, edit: Edit) -> Stretch:
        """Return the offsets of the stretch that an edit replaces."""
        span = edit.span
        return self._compute_offset(span.line, span.column), self._compute_offset(span.end_line, span.end_column)

    def _compute_offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1

    def apply(self, edits: Iterable[Edit]) -> str:
        """Return the text after edits that do not overlap; insertions at one place keep their order."""
        placed = sorted(((self.locate(edit), edit.text) for edit in dict.fromkeys(edits)), key=lambda pair: pair[0])
        parts, end = [], 0
        for (start, stop), text in placed:
            parts += [self.text[end:start], text]
            end = stop
        return "".join([*parts, self.text[end:]])

    def find_overlaps(self, edits: Sequence[Edit]) -> set[Edit]:
        """Return the edits that overlap another one."""
        placed = sorted(((self.locate(edit), edit) for edit in dict.fromkeys(edits)), key=lambda pair: pair[0])
        furthest: tuple[int, Edit | None] = (0, None)
        found: set[Edit] = set()
        for (start, stop), edit in placed:
            if furthest[1] is not None and furthest[0] > start:
                found |= {furthest[1], edit}
            furthest = max(furthest, (stop, edit), key=lambda pair: pair[0])
        return found

    def find_shared(self) -> list[Stretch]:
        """Return the stretches with an anchor that an alias uses elsewhere."""
        return [(self._compute_offset(*start), self._compute_offset(*end)) for start, end in _find_anchored(self.text)]


_EditMark = tuple[int, int]


def _find_anchored(text: str) -> Iterator[tuple[_EditMark, _EditMark]]:
    """Yield the start and end (line, column) of every node that an alias uses again."""
    latest: dict[str, tuple[_EditMark, _EditMark]] = {}
    opened: list[tuple[str | None, _EditMark]] = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.ScalarEvent(anchor=str(anchor)):
                latest[anchor] = (_mark(event.start_mark), _mark(event.end_mark))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                opened.append((event.anchor, _mark(event.start_mark)))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                name, start = opened.pop()
                if name is not None:
                    latest[name] = (start, _mark(event.end_mark))
            case yaml.AliasEvent(anchor=str(name)):
                yield latest[name]


def _mark(mark: Any) -> _EditMark:
    return mark.line + 1, mark.column + 1
