"""Outputs whose paths find nothing in a response."""

from __future__ import annotations

from naftiko_runtime.mapping.compile import compile_shapes
from naftiko_runtime.mapping.list_empty_outputs import list_empty_outputs
from naftiko_runtime.plan import ConstantShape, ListShape, MapShape, ObjectShape, ScalarShape

BOOK = ObjectShape(
    "$",
    (
        ("title", ScalarShape("$.titel", "string")),
        ("pages", ScalarShape("$.pages", "integer")),
        ("source", ConstantShape(None)),
    ),
)
SHAPE = ObjectShape("$", (("books", ListShape("$.books", BOOK)), ("shops", MapShape("$.shops", BOOK))))


def list_empty(value: object) -> list[str]:
    return list_empty_outputs((SHAPE,), compile_shapes((SHAPE,)).make(value))


def test_an_output_without_a_value_in_any_row_is_listed() -> None:
    books = [{"title": "A"}, {"title": "B", "pages": 3}]
    assert list_empty({"books": books, "shops": {"x": {"pages": 1}}}) == [
        "books[].title: $.titel",
        "shops.*.title: $.titel",
    ]


def test_what_is_inside_a_missing_list_is_not_listed() -> None:
    assert list_empty({}) == ["books: $.books", "shops: $.shops"]


def test_of_alternatives_none_is_listed() -> None:
    assert list_empty_outputs((SHAPE, SHAPE), None) == []
