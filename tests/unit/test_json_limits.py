"""The number of values in a JSON text and their nesting, compared with the parsed value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.json_limits import check_json_limits

TEXTS = st.text(st.sampled_from('a",[]{}\\:\u00e9\n'), max_size=8)
VALUES = st.recursive(
    st.none() | st.integers(0, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def number(value: Any) -> int:
    """Values, with one more for each empty list or object: its brackets do not show that it is empty."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + (sum(map(number, value)) or 1) if isinstance(value, list) else 1


def fits(body: bytes, values_max: int, depth_max: int) -> bool:
    try:
        check_json_limits(body, values_max, depth_max)
    except ValueError:
        return False
    return True


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_bounds_are_exact(value: Any, ascii_only: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    levels, values = depth(value), number(value)
    assert fits(body, values, max(levels, 1))
    if levels > 1:
        assert not fits(body, 10**6, levels - 1)
    if values > 4:  # a text for so few values has no room for less
        assert not fits(body + b" " * 100, values // 2 - 1, 10**6)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[" * 1000, "nested more than 100 levels deep"),
        (b"[" + b"[]," * 10_000 + b"1]", "more than 5,000 values"),
        (b"[" + b'{"a":1},' * 10_000 + b"1]", "more than 5,000 values"),
        (b"[" + b'"",' * 100_000 + b"1]", "more than 5,000 values"),
        (b"[" + b'",",' * 10_000 + b"1]", "more than 5,000 values"),
        (b'["\\\\",' * 300, "nested more than 100 levels deep"),
    ],
)
def test_exceeding_a_limit_is_an_error(body: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_json_limits(body, 5_000, 100)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps("x,[{" * 100_000).encode(),
        json.dumps(['",[' * 1000] * 100).encode(),
        json.dumps(["\\"] * 4_000 + ["[" * 5_000]).encode(),
        b"[[1,2],[3]]" * 3,
        b"",
    ],
)
def test_texts_do_not_count_whatever_they_hold(body: bytes) -> None:
    check_json_limits(body, 5_000, 100)
