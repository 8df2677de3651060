"""HTML: its tables, each a list of rows, each an object of texts by the names of the columns.

``{tables: [[{header: cell}]]}``. ``outputSchema`` is a CSS selector for the tables, or for what holds them; without one
it is all of them. A table within a cell is a table of its own, after the outer one. Needs the extra
``html``: lxml, because it stops at 256 levels, where lexbor takes time that grows with the square of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from naftiko_runtime.formats.decode_text import decode_text
from naftiko_runtime.formats.table_rows import make_records, number_columns
from naftiko_runtime.limits import RESPONSE_VALUES_MAX
from naftiko_runtime.rules import message_clauses
from naftiko_runtime.rules.message_clauses import DescribedError

if TYPE_CHECKING:
    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.formats.decoder_type import Decode

_HEAD_BYTES: Final = 1024
_META: Final = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "head", "title"})
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark"}
    | {"q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)
"""Elements that do not separate words."""
_CELLS: Final = frozenset({"td", "th"})


def make_decoder(selector: str | None) -> Decode:
    """Return the decoder for the tables that a selector finds.

    Raises:
        ValueError: It is no CSS selector.
    """
    try:
        find = etree.XPath(HTMLTranslator().css_to_xpath(selector or "table"))
    except (SelectorError, etree.XPathError):
        raise DescribedError(message_clauses.SELECTOR(selector=selector or "")) from None

    def decode(body: bytes, charset: str | None, notes: Irregularities) -> dict[str, Any]:
        """Decode a page.

        Args:
            body: The page.
            charset: Its charset; by default the one that it declares, or UTF-8.
            notes: Where irregularities are counted.

        Raises:
            ValueError: It is nested too deeply.
        """
        page = _parse_page(decode_text(body, charset or _find_declared_charset(body), notes))
        if page is None:
            return {"tables": []}
        chosen = find(page)
        reader = _TableReader(chosen)
        for element in chosen:
            if element not in reader.seen:
                reader.read(element)
        return {"tables": [make_records(table.list_rows(), notes) for table in reader.tables]}

    return decode


def _find_declared_charset(body: bytes) -> str:
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return charset
    found = _META.search(body[:_HEAD_BYTES])
    named = found[1].decode() if found is not None else "utf-8"
    return "utf-8" if named.lower().startswith("utf-16") else named  # as it could not be: those bytes were read


def _parse_page(text: str) -> Any:
    """Return the page's root element; nothing when it has no element.

    Raises:
        ValueError: It is nested too deeply, or a part of it is too large.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        page = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:  # the page is empty
        page = None
    if parser.error_log.filter_from_fatals():
        raise ValueError("nested too deeply, or a part of it is too large")
    return page


class _OpenTable:
    """The cells of a table in document order, each at every place that it spans."""

    def __init__(self, budget: _Budget) -> None:
        self.words: list[str] | None = None
        """The texts of the cell that is open."""
        self._budget = budget
        self._rows: list[list[str]] = []
        self._header: int | None = None
        """The row that names the columns, if the table marks one."""
        self._down: dict[int, tuple[int, str]] = {}

    def begin_row(self, *, names: bool = False) -> None:
        """Begin a row. With ``names`` it names the columns; the last such row counts."""
        self._add_spanning_cells()
        if names:
            self._header = len(self._rows)
        self._rows.append([])

    def add_cell(self, text: str, across: int, down: int) -> None:
        """Add a cell at the next free place of the row."""
        if not self._rows:
            self.begin_row()
        self._add_spanning_cells()
        row, last = self._rows[-1], len(self._rows) - 1 + down - 1
        self._budget.spend(across)
        names_columns = text and len(self._rows) - 1 == (self._header or 0)
        for number in range(1, across + 1):
            copy = f"{text} {number}" if names_columns and number > 1 else text
            if down > 1:
                self._down[len(row)] = last, copy
            row.append(copy)

    def _add_spanning_cells(self) -> None:
        """Add the cells of rows above that span this row."""
        row, number = self._rows[-1] if self._rows else [], len(self._rows) - 1
        while (above := self._down.get(len(row))) is not None and above[0] >= number:
            self._budget.spend(1)
            row.append(above[1])

    def list_rows(self) -> list[list[str]]:
        """Return the non-empty rows, from the one that names the columns."""
        self._add_spanning_cells()
        rows = [row for row in self._rows[self._header or 0 :] if row]
        return [number_columns(rows[0]), *rows[1:]] if rows else []


class _Budget:
    """Limits the cells in the tables of a page. A spanning cell counts at every place."""

    def __init__(self) -> None:
        self._left = RESPONSE_VALUES_MAX

    def spend(self, cells: int) -> None:
        self._left -= cells
        if self._left < 0:
            raise ValueError(f"its tables have more than {RESPONSE_VALUES_MAX:,} cells")


class _TableReader:
    """Collects tables in one walk, so that nested tables are read once."""

    def __init__(self, chosen: list[Any]) -> None:
        self.tables: list[_OpenTable] = []
        self.seen: set[Any] = set()
        self._chosen = frozenset(chosen)
        self._budget = _Budget()
        self._open: list[_OpenTable] = []
        self._unseen = 0

    def read(self, root: Any) -> None:
        """Read the tables of an element."""
        self._open.clear()
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                self._on_start(element)
            else:
                self._on_end(element)
                if element is not root:
                    self._add_text(element.tail)

    def _on_start(self, element: Any) -> None:
        if element in self._chosen:
            self.seen.add(element)
        if (tag := element.tag) == "table":
            self._add_text(" ")
            self._begin_table()
        elif tag == "tr":
            parent = element.getparent()
            self._get_table().begin_row(names=parent is not None and parent.tag == "thead")
        elif tag in _CELLS:
            self._get_table().words = []
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag not in _INLINE:
            self._add_text(" ")
        self._add_text(element.text)

    def _on_end(self, element: Any) -> None:
        if (tag := element.tag) == "table":
            self._open.pop()
            self._add_text(" ")
        elif tag in _CELLS:
            table = self._get_table()
            text = " ".join("".join(table.words or ()).split())
            table.words = None
            table.add_cell(
                text, _parse_span(element.get("colspan"), 1, 1000), _parse_span(element.get("rowspan"), 65534, 65534)
            )
        elif tag in _UNSEEN:
            self._unseen -= 1
        elif tag not in _INLINE:
            self._add_text(" ")

    def _begin_table(self) -> _OpenTable:
        table = _OpenTable(self._budget)
        self.tables.append(table)
        self._open.append(table)
        return table

    def _get_table(self) -> _OpenTable:
        """Return the innermost table.

        Rows outside of any table, if the selector chose a part of one, become a table.
        """
        return self._open[-1] if self._open else self._begin_table()

    def _add_text(self, text: str | None) -> None:
        if text and not self._unseen and self._open and (words := self._open[-1].words) is not None:
            words.append(text)


def _parse_span(text: str | None, rest: int, most: int) -> int:
    """Return how many columns or rows a cell spans. 0 spans the remaining ones."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 6:  # noqa: PLR2004 - no such table
        return 1
    return min(int(text) or rest, most)
