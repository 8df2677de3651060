"""Pages of lists, without state: a cursor has an offset and a digest of the list that it belongs to."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.exposes.mcp.write_json import write_json
from naftiko_runtime.limits import LIST_PAGE_ITEMS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGEST_CHARACTERS: Final = 16
_CURSOR_CHARACTERS_MAX: Final = 100


class UnknownCursorError(Exception):
    """A cursor is not of this list, or the list changed since."""

    def __init__(self) -> None:
        super().__init__(
            "params.cursor: unknown, or the list has changed since; list again from the start, without a cursor"
        )


class ListPage(Struct, frozen=True):
    """A page of a list.

    Attributes:
        items: Its entries.
        next_cursor: The cursor of the next page; None at the end.
    """

    items: Sequence[dict[str, Any]]
    next_cursor: str | None = None


class PagedList:
    """A list that is given page by page."""

    def __init__(self, items: Sequence[dict[str, Any]], page_items_max: int = LIST_PAGE_ITEMS_MAX) -> None:
        self.items: Final = items
        self._page_items_max: Final = page_items_max

    @cached_property
    def first(self) -> ListPage:
        """The first page."""
        return self._make_page(0)

    def get_page(self, cursor: str | None) -> ListPage:
        """Return the page of a cursor; the first one without a cursor.

        Raises:
            UnknownCursorError: The cursor is not of this list.
        """
        return self.first if cursor is None else self._make_page(self._read_offset(cursor))

    def _make_page(self, start: int) -> ListPage:
        end = start + self._page_items_max
        return ListPage(self.items[start:end], self._make_cursor(end) if end < len(self.items) else None)

    def _make_cursor(self, offset: int) -> str:
        return urlsafe_b64encode(f"{offset}.{self._digest}".encode()).decode()

    def _read_offset(self, cursor: str) -> int:
        offset, _, digest = _decode(cursor).partition(".")
        is_known = digest == self._digest and offset.isdecimal() and cursor == self._make_cursor(int(offset))
        if not is_known or int(offset) >= len(self.items):
            raise UnknownCursorError
        return int(offset)

    @cached_property
    def _digest(self) -> str:
        return sha256(write_json(self.items)).hexdigest()[:_DIGEST_CHARACTERS]


def _decode(cursor: str) -> str:
    """Return the text of a cursor. Empty if it has none."""
    try:
        return urlsafe_b64decode(cursor[:_CURSOR_CHARACTERS_MAX]).decode("ascii")
    except ValueError:
        return ""
