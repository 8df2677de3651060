"""HTML: the rows of its tables, each an object of texts by the names of the columns.

``outputSchema`` is a CSS selector for the tables; without one it is all of them. Needs the extra ``html``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selectolax.lexbor import LexborNode


def decoder(selector: str | None) -> Callable[[bytes], Any]:
    """The decoder for the tables that a selector finds.

    Raises:
        ValueError: It is no CSS selector.
    """
    wanted = selector or "table"
    try:
        LexborHTMLParser("").css(wanted)
    except SelectolaxError:
        raise ValueError(f"'{wanted}' is no CSS selector") from None

    def decode(body: bytes) -> list[dict[str, str]]:
        """Decode a page.

        Raises:
            ValueError: It is no UTF-8 text.
        """
        page = LexborHTMLParser(body.decode("utf-8-sig"))
        return [row for table in page.css(wanted) for row in _rows(table)]

    return decode


def _rows(table: LexborNode) -> Iterator[dict[str, str]]:
    """The rows behind the first one, which names the columns; a name that is missing is the column's number."""
    lines = [[_text(cell) for cell in row.css("th, td")] for row in table.css("tr")]
    header, *rest = [line for line in lines if line] or [[]]
    names = [name or str(number) for number, name in enumerate(header, start=1)]
    for line in rest:
        more = (str(number) for number in range(len(names) + 1, len(line) + 1))
        yield dict(zip([*names, *more], line, strict=False))


def _text(cell: LexborNode) -> str:
    return " ".join(cell.text(separator=" ").split())
