"""The places of keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.source import Source, parse_source
from naftiko_runtime.source.mutable_copy import Draft

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Span


def source(text: str | bytes) -> Source:
    return parse_source(text.encode() if isinstance(text, str) else text, "x.yml")


def data(text: str) -> Any:
    return source(text).data


def place(span: Span | None) -> tuple[int, int, int, int]:
    assert span is not None
    return span.line, span.column, span.end_line, span.end_column


def quoted(text: str, *key_path: str | int, key: bool = False) -> str:
    """What stands at the place of a value or key."""
    span = source(text).find_span(key_path, key=key)
    lines = text.removeprefix("\ufeff").splitlines()
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


PLACED = """\
block:
  inner: plain text   # comment
  list:
    - first
    - name: second
flow: {a: [1, 'two', "th\\"ree"], "b c": {d: e}}
'quoted key': value
"""


@pytest.mark.parametrize(
    ("key_path", "expected"),
    [
        (("block", "inner"), "plain text"),
        (("block", "list", 0), "first"),
        (("block", "list", 1, "name"), "second"),
        (("flow",), """{a: [1, 'two', "th\\"ree"], "b c": {d: e}}"""),
        (("flow", "a"), """[1, 'two', "th\\"ree"]"""),
        (("flow", "a", 0), "1"),
        (("flow", "a", 1), "'two'"),
        (("flow", "a", 2), '"th\\"ree"'),
        (("flow", "b c", "d"), "e"),
        (("quoted key",), "value"),
    ],
)
def test_the_place_of_a_value(key_path: tuple[str | int, ...], expected: str) -> None:
    assert quoted(PLACED, *key_path) == expected


@pytest.mark.parametrize(
    ("key_path", "expected"),
    [
        (("block",), "block"),
        (("block", "inner"), "inner"),
        (("block", "list", 1, "name"), "name"),
        (("flow", "a"), "a"),
        (("flow", "b c"), '"b c"'),
        (("flow", "b c", "d"), "d"),
        (("quoted key",), "'quoted key'"),
    ],
)
def test_the_place_of_a_key(key_path: tuple[str | int, ...], expected: str) -> None:
    assert quoted(PLACED, *key_path, key=True) == expected


def test_every_key_and_value_has_its_own_place() -> None:
    placed = source(PLACED)
    spans = [
        placed.find_span(key_path, key=True) for key_path in (("block",), ("block", "inner"), ("flow",), ("flow", "a"))
    ]
    assert [(span.line, span.column) for span in spans] == [(1, 1), (2, 3), (6, 1), (6, 8)]


def test_a_value_on_several_lines_ends_on_its_last() -> None:
    text = 'a: one\n  two\nb: "x\n  y"\nc: |\n  l1\n  l2\nd:\n  e: f\n\n\n  g: h\ni:\n  - j: k\n  - l\n'
    assert place(source(text).find_span(("a",))) == (1, 4, 2, 6)
    assert place(source(text).find_span(("b",))) == (3, 4, 4, 5)
    assert place(source(text).find_span(("c",))) == (5, 4, 7, 5)
    assert place(source(text).find_span(("d",))) == (9, 3, 12, 7)
    assert place(source(text).find_span(("i", 0))) == (14, 5, 14, 9)


def test_a_key_without_a_value_has_a_place_behind_its_colon() -> None:
    assert place(source("a:\nb: 1\n").find_span(("a",)))[:2] == (1, 3)


def test_a_missing_key_has_the_place_where_it_is_to_be_added() -> None:
    assert quoted("a:\n  b: 1\n  c: 2\n", "a", "missing") == "b"
    assert quoted("a: text\n", "a", "missing", 3, "deeper") == "text"
    assert quoted("a: [x]\n", "a", 7) == "[x]"


def test_an_alias_has_its_own_place_and_its_anchors_inside() -> None:
    text = "a: &here {b: 1}\nc: *here\n"
    assert data(text) == {"a": {"b": 1}, "c": {"b": 1}}
    assert place(source(text).find_span(("c",))) == (2, 4, 2, 9)
    assert quoted(text, "c", "b") == "1"
    assert place(source(text).find_span(("c", "b")))[0] == 1


def test_an_anchor_can_be_given_to_something_else_later() -> None:
    assert data("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_count_whatever_ends_them(newline: str) -> None:
    placed = source(newline.join(["a: 1", "b: {c: 2}", ""]))
    assert place(placed.find_span(("b", "c"))) == (2, 8, 2, 9)
    assert placed.get_line(2) == "b: {c: 2}"


def test_a_byte_order_mark_is_no_character() -> None:
    assert place(source(b"\xef\xbb\xbfa: b\n").find_span(("a",), key=True)) == (1, 1, 1, 2)


@pytest.mark.parametrize("before", ["ä", "船", "😀", "e\u0301"])
def test_columns_count_characters(before: str) -> None:
    text = f"{before}: [{before}, x]\n"
    assert quoted(text, before, 1) == "x"
    assert source(text).find_span((before, 1)).column == 2 * len(before) + 6


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_what_libyaml_takes_for_a_line_break_does_not_shift_the_lines_shown(separator: str) -> None:
    placed = source(f"# a{separator}# b\nc: d\n")
    assert placed.get_line(placed.find_span(("c",)).line) == "c: d"


def test_there_is_no_line_outside_the_text() -> None:
    assert [source("a: 1").get_line(number) for number in (-1, 0, 1, 2)] == ["", "", "a: 1", ""]


def test_a_renamed_key_keeps_its_place_order_and_everything_else() -> None:
    before = source("a: {old: {x: 1}, other: 2}\nb: 3\n")
    draft = Draft(before)
    draft.rename_key(draft.get(("a",)), "old", "new")
    after = draft.build()
    assert after.data == {"a": {"new": {"x": 1}, "other": 2}, "b": 3}
    assert list(after.data["a"]) == ["new", "other"]
    assert before.data["a"] == {"old": {"x": 1}, "other": 2}
    assert after.find_span(("a", "new"), key=True) == before.find_span(("a", "old"), key=True)
    assert after.find_span(("a", "new", "x")) == before.find_span(("a", "old", "x"))
    assert after.find_span(("b",)) == before.find_span(("b",))
