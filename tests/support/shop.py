"""The document that the examples of paths read."""

from __future__ import annotations

from typing import Any

from naftiko_runtime.jsonpath import compile_path

BOOK_1 = {"title": "Emma", "price": 8, "tags": ["a", "b"], "isbn": "1"}
BOOK_2 = {"title": "Ivanhoe", "price": 9.5, "tags": [], "isbn": None}
BOOK_3 = {"title": "Dracula", "price": "9", "sold": True, "of": {"kind": "gothic"}}
SHOP = {
    "books": [BOOK_1, BOOK_2, BOOK_3],
    "owner": {"name": "Ann", "age": 41},
    "limit": 9,
    "wanted": ["Emma"],
}


def get(path: str, value: Any = SHOP) -> Any:
    return compile_path(path).get(value)
