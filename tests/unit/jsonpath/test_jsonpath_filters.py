"""Filters of paths, by example."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.jsonpath import compile_path
from support.shop import BOOK_1, get


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("@.title == 'Emma'", [8]),
        ('@.title=="Emma"', [8]),
        ("'Emma' == @.title", [8]),
        ("@['title'] == 'Emma'", [8]),
        ("@.title != 'Emma'", [9.5, "9"]),
        ("@.price < 9", [8]),
        ("@.price <= 8", [8]),
        ("@.price > -1", [8, 9.5]),
        ("@.price >= 9.5e0", [9.5]),
        ("9 > @.price", [8]),
        ("@.title > 'F'", [9.5]),
        ("@.price == 8.0", [8]),
        ("@.price == '9'", ["9"]),
        ("@.price == 9", ["9"]),
        ("@.price == '8'", [8]),
        ("@.price == '8.0'", [8]),
        ("'8.0' == @.price", []),
        ("@.price === '8'", []),
        ("@.price === 8", [8]),
        ("@.price !== 9", [8, 9.5, "9"]),
        ("@.price != 9", [8, 9.5]),
        ("@.price == '8x'", []),
        ("@.price == '1e999999999'", []),
        ("@.price IN ['8', 9]", [8, "9"]),
        ("@.sold == 'true'", []),
        ("@.title =~ /emma/i", [8]),
        ("@.title =~ /.*a/", [8, "9"]),
        ("@.price =~ /9.*/", [9.5, "9"]),
        ("@.tags =~ /b/", [8]),
        ("@.sold =~ /true/", ["9"]),
        ("@.no =~ /.*/", []),
        ("@.of == {'kind': 'gothic'}", ["9"]),
        ("@.tags == ['a', \"b\"]", [8]),
        ("@.tags == []", [9.5]),
        ("@.tags all ['a', 'b']", [8]),
        ("@.title nin $.nothing", []),
        ("@.sold == true", ["9"]),
        ("@.sold == 1", []),
        ("@.sold != false", [8, 9.5, "9"]),
        ("@.isbn", [8, 9.5]),
        ("!@.isbn", ["9"]),
        ("! @.isbn", ["9"]),
        ("@.isbn == null", [9.5]),
        ("@.isbn != null", [8, "9"]),
        ("@.of.kind", ["9"]),
        ("@.of.kind == 'gothic'", ["9"]),
        ("@.tags[0] == 'a'", [8]),
        ("@.tags[*]", [8]),
        ("@.tags[?(@ == 'b')]", [8]),
        ("@..kind", ["9"]),
        ("@.a == @.b", []),
        ("@.price && @.isbn == '1'", [8]),
        ("@.sold || @.isbn == '1'", [8, "9"]),
        ("@.sold || @.isbn == '1' && @.no", ["9"]),
        ("(@.sold || @.isbn == '1') && @.tags", [8]),
        ("!(@.sold || @.isbn == '1')", [9.5]),
        ("!!@.sold", ["9"]),
        ("((@.sold))", ["9"]),
        ("@.title in ['Emma', 'Ivanhoe']", [8, 9.5]),
        ("@.price in [8, true, null, '9']", [8, "9"]),
        ("@.title in []", []),
        ("@.title nin ['Emma']", [9.5, "9"]),
        ("@.title in $.wanted", [8]),
        ("@.price < $.limit", [8]),
        ("$.limit > @.price", [8]),
        ("$.nothing", []),
        ("$.owner.age == 41 && @.sold", ["9"]),
        ("@.tags contains 'b'", [8]),
        ("@.title contains 'van'", [9.5]),
        ("@.title contains 1", []),
        ("@.tags size 2", [8]),
        ("@.title size 4", [8]),
        ("@.tags empty true", [9.5]),
        ("@.tags empty false", [8]),
        ("@.tags subsetof ['a', 'b', 'c']", [8, 9.5]),
        ("@.tags anyof ['a', 'z']", [8]),
        ("@.tags noneof ['a', 'z']", [9.5]),
        ("@.tags.length() > 1", [8]),
        ("@.title.length() == 7", [9.5, "9"]),
        ("@.of.keys() contains 'kind'", ["9"]),
    ],
)
def test_filters(condition: str, expected: list[Any]) -> None:
    assert get(f"$.books[?({condition})].price") == expected
    assert get(f"$.books[? {condition} ].price") == expected


def test_a_filter_tests_an_object_itself() -> None:
    assert get("$.owner[?(@.age > 40)].name") == ["Ann"]
    assert get("$.owner[?(@.age > 41)].name") == []
    assert get("$.limit[?(@ == 9)]") == []


def test_a_filter_below_finds_each_object_once() -> None:
    assert get("$..[?(@.title == 'Emma')]") == [BOOK_1]
    assert get("$..[?(@.kind)]") == [{"kind": "gothic"}]


def test_what_a_filter_reads_from_the_root_belongs_to_each_value() -> None:
    path = compile_path("$.a[?(@.id in $.b[?(@.n == $.n)].id)].id")
    value = {
        "n": 1,
        "a": [{"id": 1}, {"id": 2}, {"id": 3}],
        "b": [{"id": 1, "n": 1}, {"id": 2}, {"id": 3, "n": 1}],
    }
    assert path.get(value) == [1, 3]
    assert path.get({**value, "n": 2}) == []


def test_equality_is_that_of_json() -> None:
    pair = "$[?(@.a == @.b)]"
    assert get(pair, {"a": {"x": [1, {"y": None}]}, "b": {"x": [1.0, {"y": None}]}})
    assert not get(pair, {"a": [1], "b": [True]})
    assert not get(pair, {"a": [1], "b": [1, 2]})
    assert not get(pair, {"a": [], "b": {}})
    assert not get(pair, {"a": {"x": 1}, "b": {"y": 1}})
