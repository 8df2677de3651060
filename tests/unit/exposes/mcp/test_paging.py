"""Pages of lists, and cursors that are not of the list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.exposes.mcp.paging import PagedList, UnknownCursorError


def make_list(count: int, name: str = "x") -> list[dict[str, Any]]:
    return [{"name": f"{name}{number}"} for number in range(count)]


@given(st.integers(0, 20), st.integers(1, 7))
def test_pages_have_every_entry_once(count: int, page_items_max: int) -> None:
    paged, cursor = PagedList(make_list(count), page_items_max), None
    found: list[dict[str, Any]] = []
    for _ in range(count + 1):
        page = paged.get_page(cursor)
        assert len(page.items) <= page_items_max
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == make_list(count)


def test_a_cursor_is_of_one_list() -> None:
    paged = PagedList(make_list(5), 2)
    cursor = paged.first.next_cursor
    assert cursor is not None
    assert PagedList(make_list(5), 2).get_page(cursor).items == make_list(5)[2:4], "another replica"
    for other in (PagedList(make_list(6), 2), PagedList(make_list(5, "y"), 2), PagedList(make_list(1), 2)):
        with pytest.raises(UnknownCursorError, match="without a cursor"):
            other.get_page(cursor)


@pytest.mark.parametrize("mangle", [str.upper, lambda c: c + "AAAA", lambda c: c[:-4], lambda c: f" {c}", lambda _: ""])
def test_a_changed_cursor(mangle: Any) -> None:
    paged = PagedList(make_list(5), 2)
    with pytest.raises(UnknownCursorError):
        paged.get_page(mangle(paged.first.next_cursor))


@given(st.text(max_size=200))
def test_any_other_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(UnknownCursorError):
        PagedList(make_list(5), 2).get_page(cursor)
