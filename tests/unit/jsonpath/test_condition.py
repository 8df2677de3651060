"""Conditions, by example. Properties of every condition are in ``tests/properties/test_jsonpath_properties.py``."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.jsonpath import JsonPathError, compile_condition

VALUES: dict[str, Any] = {
    "ship": {"status": "active", "size": 5, "none": None},
    "get-crew": [{"role": "cook"}, {"role": "mate"}],
    "limit": 3,
    "skipped": None,
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("$.ship.status == 'active' && $.limit > 2", True),
        ("@.ship.status == 'active' && $.limit > 3", False),
        ("$.ship.size >= $.limit", True),
        ("!$.nothing", True),
        ("$.nothing.at.all == null", False),
        ("$.skipped", True),
        ("$.skipped == null", True),
        ("$.skipped.name", False),
        ("$.ship.size > 'text'", False),
        ("$.get-crew[?(@.role == 'cook')]", True),
        ("$.get-crew[?(@.role == $.ship.status)]", False),
        ("$.get-crew.length() == 2", True),
        ("($.limit == 1 || $.limit == 3) && !($.ship.none)", False),
    ],
)
def test_a_condition_holds_or_not(text: str, *, holds: bool) -> None:
    assert compile_condition(text).holds(VALUES) is holds


def test_a_condition_lists_the_names_that_it_uses() -> None:
    text = "$.a.b == @['c d'] || $.e[?(@.f == $.g)] && $.a.concat($.h) == 'x'"
    assert compile_condition(text).names == ("a", "c d", "e", "g", "h")


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "expected a path"),
        ("true", 1, "a constant alone is not a condition"),
        ("$", 1, "begins with the name of a step or an input"),
        ("$..a", 1, "begins with the name of a step or an input"),
        ("$.a == 1 $.b", 10, "join two conditions with '&&' or '||'"),
        ("$.a and $.b", 5, "write '&&'"),
        ("$.a =", 5, "write '=='"),
        (f"$.{'a' * 1000}", 1001, "1000"),
    ],
)
def test_what_is_no_condition_is_an_error_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(JsonPathError) as error:
        compile_condition(text)
    assert error.value.column == column
    assert words in str(error.value)
