"""Mapping a list field by field gives the same result as mapping its elements one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from support.shapes import make_mapping

TEXTS = st.sampled_from(["", "1", "x", "2.5", "true"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS)
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.dictionaries(NAMES, inner), st.lists(inner, max_size=3)), max_leaves=8
)
ELEMENTS = st.lists(st.one_of(st.dictionaries(NAMES, VALUES), VALUES), max_size=5)
MAPPINGS = st.sampled_from(
    ["$.a", "$.b", "$.a.b", "$.a.b.c", "$.a.b.c.a", "$.a[0]", "$", "$.c[*]", "$..a", "$.a.length()"]
)
FIELDS = st.builds(
    lambda kind, mapping, extra: {"type": kind, "mapping": mapping, **extra},
    st.sampled_from(["string", "number", "integer", "boolean", "object", "array"]),
    MAPPINGS,
    st.sampled_from([{}, {}, {"maxLength": 1}, {"value": "fixed"}]),
)


@given(st.dictionaries(st.sampled_from(["p", "q", "r"]), FIELDS, min_size=1), ELEMENTS)
def test_a_list_is_what_its_elements_are(properties: dict[str, Any], elements: list[Any]) -> None:
    item = {"type": "object", "properties": properties}
    whole = make_mapping({"type": "array", "mapping": "$", "items": item})
    single = make_mapping(item)
    assert repr(whole.make(elements)) == repr([single.make(element) for element in elements])
    assert whole.mismatches.count == single.mismatches.count
