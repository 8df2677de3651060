"""Frozen JSON: thawing restores the value, and nothing distinguishes equal values."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.plan import Number, Object, freeze, thaw
from naftiko_runtime.source import format_as_written, parse_exact_float
from naftiko_runtime.source.scalars import resolve_plain

SPELT = st.sampled_from(["007", "0x1F", "0o17", "1.10", ".5", "+5", "1e3", "12.", "-0.0"]).map(resolve_plain)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | SPELT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def shown(value: Any) -> Any:
    """A value with the types and spellings of all that is in it."""
    match value:
        case dict():
            return {key: shown(item) for key, item in value.items()}, list(value)
        case list():
            return [shown(item) for item in value]
        case int() | float():
            return type(value), repr(value), format_as_written(value)
        case _:
            return type(value), value


@given(VALUES, VALUES)
def test_freezing_loses_nothing(one: Any, other: Any) -> None:
    assert shown(thaw(freeze(one))) == shown(one)
    assert (freeze(one) == freeze(other)) == (shown(one) == shown(other))
    assert hash(freeze(one)) == hash(freeze(one))


def test_no_number_is_one() -> None:
    assert freeze(math.nan) == freeze(math.nan)
    assert math.isnan(thaw(freeze(math.nan)))


def test_a_frozen_value_is_readable() -> None:
    assert freeze({"a": [1, parse_exact_float("1.10")]}) == Object(
        (("a", (Number("1", "int"), Number("1.10", "written-float"))),)
    )


def test_what_is_thawed_may_change() -> None:
    frozen = freeze({"a": [1]})
    thaw(frozen)["a"].append(2)
    assert thaw(frozen) == {"a": [1]}


@pytest.mark.parametrize("value", [object(), {1}, b"x"])
def test_only_json_is_frozen(value: Any) -> None:
    with pytest.raises(TypeError, match="is not a JSON value"):
        freeze(value)
