"""Values as JSON: their meaning, and the digits of their numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime.exposes.mcp.write_json import write_json
from naftiko_runtime.formats import decode

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.text(alphabet="0123456789e-.,:[]{}\x7f", max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
ODD: list[Any] = [
    1e16,
    1e-5,
    1.5e-7,
    0.00001234,
    -1e22,
    2**64,
    -(2**70),
    "\x7f",
    "é",
    "\u2028",
    "a,3e4,b",
    {"1": 1e5},
    [{}],
]


@settings(max_examples=400)
@given(JSON)
def test_any_value(value: Any) -> None:
    assert json.loads(write_json(value)) == value


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values(odd: Any) -> None:
    for value in (odd, [odd, 1], {"a": odd}):
        assert json.loads(write_json(value)) == value


def test_what_json_cannot_write_is_null() -> None:
    assert write_json([float("nan"), float("inf"), -float("inf"), 2**70, 1]) == b"[null,null,null,%d,1]" % 2**70


def test_numbers_keep_their_digits() -> None:
    body = b'{"price":19.90,"total":[12345678901234567.89,1e999,18446744073709551616],"name":"\xc3\xa9"}'
    assert write_json(decode("json", body)) == body
