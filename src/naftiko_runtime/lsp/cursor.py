"""Finds what is at a place of a text, even if the text is not valid YAML at the moment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.lsp.relevant_lines import make_excerpt
from naftiko_runtime.source import Source
from naftiko_runtime.source.builder import DataBuilder
from naftiko_runtime.source.source import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.source import KeyPath

CURSOR: Final = "naftikoCursor"
"""Stands, while a text is read, for the word that is being typed."""

_TRIES_MAX: Final = 5
"""How often a text is read until it is no YAML."""

_TYPED: Final = re.compile(r"[\w.$-]*$")
_TEMPLATE: Final = re.compile(r"\{\{\s*$")
_REST: Final = re.compile(r"[\w.$-]*")
_TEMPLATE_REST: Final = re.compile(r"[\w.$-]*\s*(\}\})?")
_BARE: Final = re.compile(r"\s*(?:- +)*$")
_CLOSERS: Final = {"{": "}", "[": "]"}


class CursorPlace(NamedTuple):
    """A place in a document.

    Attributes:
        source: The source around it, in the canonical spelling.
        key_path: The path there, to a key or to a value.
        on_key: Whether the place is the key.
        typed: The part of the current word before the cursor.
        template: Whether that word is in double braces.
    """

    source: Source
    key_path: KeyPath
    on_key: bool
    typed: str = ""
    template: bool = False

    @property
    def value(self) -> Any:
        """The value at its path; None if its shape has changed."""
        return find_value(self.source, self.key_path)

    @property
    def holder(self) -> dict[str, Any]:
        """The mapping that has the key at the end of the path."""
        found = find_value(self.source, self.key_path[:-1])
        return found if isinstance(found, dict) else {}


def find_value(source: Source, key_path: KeyPath) -> Any:
    """Return the value at a path, or None."""
    try:
        return source.get(key_path)
    except (KeyError, IndexError, TypeError):
        return None


class _ExcerptReader:
    """Reads the part of a text that a place needs; each try omits the lines that failed before."""

    def __init__(self, lines: Sequence[str], row: int, column: int, file: str, *, whole: bool = False) -> None:
        self._lines = lines
        self._row = row
        self._column = column
        self._file = file
        self._whole = whole
        self._without: set[int] = set()

    def iter_sources(self, written: Sequence[str]) -> Iterator[Source]:
        """Yield the sources that can be read with variants of the line. If no excerpt can be read, read the whole text.

        That is the case if brackets span many lines, as in JSON.

        Args:
            written: The variants, the most likely first.
        """
        readable = False
        for _ in range(_TRIES_MAX):
            before = len(self._without)
            text = make_excerpt(self._lines, self._row, self._column, self._without, whole=self._whole)
            for source in self._iter_written(text, written):
                readable = True
                yield source
            if len(self._without) == before:
                break
        if not readable:
            yield from self._iter_written(list(self._lines), written)

    def _iter_written(self, text: list[str], written: Sequence[str]) -> Iterator[Source]:
        for line in written:
            text[self._row] = line
            if (source := self._read(text)) is not None:
                yield source

    def _read(self, text: Sequence[str]) -> Source | None:
        """Read a text as normalized data, even if it breaks rules; None if it is not YAML."""
        whole, places, findings = "\n".join(text), Places(), Findings()
        try:
            data = DataBuilder(self._file, whole, places, findings).build()
        except yaml.YAMLError as error:
            marks = (getattr(error, "problem_mark", None), getattr(error, "context_mark", None))
            self._without |= {mark.line for mark in marks if mark is not None} - {self._row}
            return None
        if data is None:  # it was left off there
            rows = {found.span.line - 1 for found in findings.list_sorted() if found.span is not None}
            self._without |= rows - {self._row}
        return normalize(Source(self._file, whole, data, places), Findings())


def find_place(lines: Sequence[str], row: int, column: int, file: str) -> CursorPlace | None:
    """Return the place at a line and column.

    Args:
        lines: The lines of the text.
        row: From 0.
        column: From 0.
        file: The text's name.
    """
    source = next(_ExcerptReader(lines, row, column, file, whole=True).iter_sources([lines[row]]), None)
    return locate(source, row, column) if source is not None else None


def find_typed(lines: Sequence[str], row: int, column: int, file: str) -> CursorPlace | None:
    """Find the place of a word that is being typed; its line is completed for that.

    Args:
        lines: The lines of the text.
        row: From 0.
        column: The column of the cursor, from 0.
        file: The text's name.
    """
    match = _TYPED.search(lines[row][:column])
    typed = match[0] if match is not None else ""
    stem, rest = lines[row][: column - len(typed)], lines[row][column:]
    template = _TEMPLATE.search(stem)
    if template is not None:
        stem = stem[: template.start()]
    written = list(_complete_line(stem, rest, template=template is not None))
    for source in _ExcerptReader(lines, row, column, file).iter_sources(written):
        found = locate(source, row, source.get_line(row + 1).index(CURSOR))
        if found is not None and _is_cursor(found):
            return found._replace(typed=typed, template=template is not None)
    return None


def _complete_line(stem: str, rest: str, *, template: bool) -> Iterator[str]:
    """Yield ways to complete the line at the cursor."""
    match = (_TEMPLATE_REST if template else _REST).match(rest)
    rest = rest[match.end() :] if match is not None else rest
    if stem.endswith(":"):
        stem += " "
    if _BARE.fullmatch(stem) and not rest.strip():
        yield f"{stem}{CURSOR}:"
    whole = f"{stem}{CURSOR}{rest}"
    yield whole + _find_closers(whole)
    yield whole
    yield f"{stem}{CURSOR}{_find_closers(stem)}"
    yield f"{stem}{CURSOR}: 0{_find_closers(stem)}"


def _find_closers(text: str) -> str:
    """Return the text that closes the open quotes and brackets of a line."""
    opened: list[str] = []
    quote, before = "", " "
    for character in text:
        if quote:
            quote = "" if character == quote and before != "\\" else quote
        elif character in "'\"" and before in " {[,":
            quote = character
        elif character in _CLOSERS and (opened or before in " -"):
            opened.append(_CLOSERS[character])
        elif opened and character == opened[-1]:
            opened.pop()
        before = character
    return quote + "".join(reversed(opened))


def _is_cursor(place: CursorPlace) -> bool:
    text = place.key_path[-1] if place.on_key else place.value
    return isinstance(text, str) and CURSOR in text


def locate(source: Source, row: int, column: int) -> CursorPlace | None:
    """Return the innermost key or value at a place, or None."""
    key_path: KeyPath = ()
    value: Any = source.data
    while True:
        found = [
            (key, on_key)
            for key, marks in source.places.get_entries(value).items()
            for on_key, (start, end) in enumerate(reversed(marks))
            if (start.line, start.column) <= (row, column) <= (end.line, end.column) and key in _list_keys(value)
        ]
        if not found:
            return (
                CursorPlace(source, key_path, on_key=False) if key_path and not isinstance(value, dict | list) else None
            )
        key, on_key = max(found, key=lambda one: _find_start(source, value, one[0], on_key=bool(one[1])))
        key_path = (*key_path, key)
        if on_key and isinstance(value, dict):
            return CursorPlace(source, key_path, on_key=True)
        value = value[key]


def _list_keys(value: Any) -> Any:
    return value if isinstance(value, dict) else range(len(value))


def _find_start(source: Source, value: Any, key: str | int, *, on_key: bool) -> tuple[int, int]:
    mark = source.places.get_entries(value)[key][0 if on_key else 1][0]
    return mark.line, mark.column
