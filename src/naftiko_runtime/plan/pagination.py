"""How the list of a consumed operation is read page by page. ADR 27 explains it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

PaginationType: TypeAlias = Literal["link", "cursor", "page", "offset"]


class Pagination(Struct, frozen=True):
    """How the pages of a list are read.

    Attributes:
        type: What leads to the next page.
        pages_max: How many pages are read at most.
        bytes_max: How many bytes all pages have at most.
        items: The JSONPath of the list in a page.
        parameter: The query parameter of the page; empty for ``link``.
        next: The JSONPath of the cursor, or of the next URL; None for a ``Link`` header, and for types that count.
        start: The number of the first page, or its offset.
        items_max: How many items are wanted; None for all.
    """

    type: PaginationType
    pages_max: int
    bytes_max: int
    items: str = "$"
    parameter: str = ""
    next: str | None = None
    start: int = 0
    items_max: int | None = None
