"""``Link`` headers: which target is that of a relation."""

from __future__ import annotations

import pytest

from naftiko_runtime.engine.link_header import find_link


@pytest.mark.parametrize(
    ("values", "target"),
    [
        (["<a>; rel=next"], "a"),
        (['<a>; rel="next"'], "a"),
        (['<a>;REL = "prev NEXT"'], "a"),
        (["<a>; rel=prev, <b>; rel=next"], "b"),
        (["<a>; rel=prev", "<b>; rel=next"], "b"),
        ([', ,< b >; title="x, <c>; rel=next"; rel=next'], "b"),
        (['<a>; title="rel=next \\" , <c>; rel=next"; rel=last'], None),
        (["<a>; rel=last; rel=next"], None),
        (['<a>; rel=next; anchor="/other", <b>; rel=next'], "b"),
        (["<a>; rel=nextish"], None),
        (["<a>"], None),
        (["<a>; rel"], None),
        (["<>; rel=next"], ""),
        (["a; rel=next"], None),
        (['<a>; rel="next'], None),
        (["<a>; x*=UTF-8''%e2; rel=next"], "a"),
        ([], None),
    ],
)
def test_the_first_link_with_the_relation_counts(values: list[str], target: str | None) -> None:
    headers = [(b"x", b"<no>; rel=next"), *((b"link", value.encode()) for value in values)]
    assert find_link(headers, "next") == target
