"""Markdown: its front matter, its tables and its sections.

``{frontMatter: {…}, tables: [[{column: text}]], sections: [{heading, level, content}]}``; the text before the first
heading is a section of level 0. ``outputSchema`` is the beginning of the headings that are wanted (``Results``, or
``## Results`` for those of that level), with what is below them; without one it is all. Headings and cells are plain
text, contents are Markdown.

Read line by line, because a parser of all of Markdown takes seconds for a megabyte: headings (``#`` and underlined),
tables with pipes, and the code and comments in which neither counts. Lists and quotations are text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.formats import yaml
from naftiko_runtime.formats.decode_text import decode_text
from naftiko_runtime.formats.markdown_text import to_plain_text
from naftiko_runtime.formats.table_rows import make_records, number_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.formats.decoder_type import Decode

_LINE_BREAK: Final = re.compile(r"\r\n?")
_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_WANTED: Final = re.compile(r"(#{0,6})(?:(?:(?<=#)[ \t]+|(?<!#))(.*))?", re.DOTALL)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_RAW: Final = re.compile(r" {0,3}<(!--|(?:script|pre|style|textarea)(?=[\s>]|$))", re.IGNORECASE)
_RAW_ENDS: Final = re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)
_CONTAINER: Final = re.compile(r" {0,3}(?:>|(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$))")
_INDENTED: Final = re.compile(r"(?: {4}| {0,3}\t)")
_PIPE: Final = re.compile(r"(?<!\\)\|")
_DASHES: Final = re.compile(r":?-+:?")


def make_decoder(prefix: str | None) -> Decode:
    """Return the decoder for the sections whose headings begin with a prefix. Without a prefix: for all sections."""
    wanted = _WANTED.fullmatch((prefix or "").strip())

    def decode(body: bytes, charset: str | None, notes: Irregularities) -> dict[str, Any]:
        text = _LINE_BREAK.sub("\n", decode_text(body, charset, notes))
        front = _FRONT.match(text)
        rest = text[front.end() :] if front else text
        sections = list(_SectionReader(rest.split("\n"), notes).iter_sections())
        if wanted is not None and wanted[0]:
            sections = list(_select_sections(sections, len(wanted[1]), to_plain_text(wanted[2] or "")))
        return {
            "frontMatter": _parse_front_matter(front[1], notes) if front else {},
            "tables": [table for section in sections for table in section.tables],
            "sections": [section.to_value() for section in sections],
        }

    return decode


def _parse_front_matter(text: str, notes: Irregularities) -> dict[str, Any]:
    try:
        value = yaml.decode(text.encode(), None, notes)
    except ValueError:
        value = None
        notes.add("front matter that is not YAML")
    return value if isinstance(value, dict) else {}


class _Section:
    def __init__(self, level: int, heading: str) -> None:
        self.level = level
        self.heading = heading
        self.lines: list[str] = []
        self.tables: list[list[dict[str, Any]]] = []

    def to_value(self) -> dict[str, Any]:
        text = "\n".join(self.lines).strip()
        return {"heading": self.heading, "level": self.level, "content": text}


class _SectionReader:
    """Reads the lines once. Each step takes a whole block."""

    def __init__(self, lines: Sequence[str], notes: Irregularities) -> None:
        self._lines = lines
        self._notes = notes
        self._at = 0
        self._paragraph = 0
        """The number of lines above that belong to a paragraph. An underline makes them a heading."""
        self._contained = False
        """Whether a list or a quotation continues until the next empty line."""
        self._section = _Section(0, "")

    def iter_sections(self) -> Iterator[_Section]:
        """Yield the sections in order."""
        while self._at < len(self._lines):
            if (heading := self._take_heading()) is not None:
                if self._section.level or any(line.strip() for line in self._section.lines):
                    yield self._section
                self._section = heading
            else:
                self._take_block()
        if self._section.level or any(line.strip() for line in self._section.lines):
            yield self._section

    def _take_heading(self) -> _Section | None:
        """Take the heading at the current line. None if there is none."""
        line = self._lines[self._at]
        if (found := _HEADING.match(line)) is not None:
            self._at += 1
            self._paragraph, self._contained = 0, False
            return _Section(len(found[1]), to_plain_text(_strip_closing_marks(line[found.end() :].strip())))
        if self._paragraph and (underline := _UNDERLINE.match(line)) is not None:
            above = self._section.lines[-self._paragraph :]
            del self._section.lines[-self._paragraph :]
            self._at += 1
            self._paragraph = 0
            return _Section(1 if underline[1].startswith("=") else 2, to_plain_text(" ".join(map(str.strip, above))))
        return None

    def _take_block(self) -> None:
        line = self._lines[self._at]
        if not line.strip():
            self._take(1)
            self._paragraph, self._contained = 0, False
        elif (closes := _find_end_test(line)) is not None:
            self._take_until(closes)
            self._paragraph, self._contained = 0, False
        elif not self._paragraph and _INDENTED.match(line):
            self._take(1)
        elif not self._contained and (columns := self._find_columns()):
            self._take_table(columns)
        elif _is_rule(line):
            self._take(1)
            self._paragraph, self._contained = 0, False
        elif self._contained or _CONTAINER.match(line):
            self._take(1)
            self._paragraph, self._contained = 0, True
        else:
            self._take(1)
            self._paragraph += 1

    def _take(self, lines: int) -> None:
        self._section.lines += self._lines[self._at : self._at + lines]
        self._at += lines

    def _take_until(self, closes: Callable[[str, int], bool]) -> None:
        """Take lines up to one that closes the block, or to the end."""
        end = self._at
        while end < len(self._lines) and not closes(self._lines[end], end - self._at):
            end += 1
        self._take(end + 1 - self._at)

    def _find_columns(self) -> list[str] | None:
        """Return the names of the columns if a table begins here. The dashes below show it."""
        line, below = self._lines[self._at], self._lines[self._at + 1 : self._at + 2]
        if not below or "|" not in line or len(below[0].strip()) == 1 or _INDENTED.match(below[0]):
            return None
        dashes = _split_cells(below[0])
        if not all(_DASHES.fullmatch(cell) for cell in dashes):
            return None
        columns = _split_cells(line)
        return columns if len(columns) == len(dashes) else None

    def _take_table(self, columns: list[str]) -> None:
        self._take(2)
        rows = [number_columns(list(map(to_plain_text, columns)))]
        while self._at < len(self._lines) and self._is_row(self._lines[self._at]):
            rows.append(list(map(to_plain_text, _split_cells(self._lines[self._at]))))
            self._take(1)
        self._section.tables.append(make_records(rows, self._notes))
        self._paragraph = 0

    @staticmethod
    def _is_row(line: str) -> bool:
        begins = (_HEADING, _FENCE, _RAW, _CONTAINER, _INDENTED)
        return bool(line.strip()) and not _is_rule(line) and not any(kind.match(line) for kind in begins)


def _strip_closing_marks(text: str) -> str:
    """Return a heading's text without the ``#`` that may close it."""
    bare = text.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else text


def _is_rule(line: str) -> bool:
    marks = "".join(line.split())
    return len(marks) > 2 and marks[0] in "-*_" and marks == marks[0] * len(marks) and not _INDENTED.match(line)  # noqa: PLR2004 - three make a rule


def _find_end_test(line: str) -> Callable[[str, int], bool] | None:
    """Return the test for the end of the code or comment that a line opens. None if it opens none."""
    if (fence := _FENCE.match(line)) is not None:
        mark = fence[1]
        closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
        return lambda line, behind: behind > 0 and closing.match(line) is not None
    if (raw := _RAW.match(line)) is None:
        return None
    if raw[1] == "!--":
        return lambda line, _: "-->" in line
    return lambda line, _: _RAW_ENDS.search(line) is not None


def _split_cells(line: str) -> list[str]:
    """Return the texts of a row. An escaped pipe is part of a text."""
    text = line.strip().removeprefix("|")
    cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(text)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _select_sections(sections: Sequence[_Section], level: int, heading: str) -> Iterator[_Section]:
    """Yield the sections whose headings begin with a text, and those below them. Only of one level, unless it is 0."""
    inside = 0
    for section in sections:
        if inside and section.level <= inside:
            inside = 0
        if not inside and section.level and level in (0, section.level) and section.heading.startswith(heading):
            inside = section.level
        if inside:
            yield section
