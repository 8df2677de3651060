"""Text to data and places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime import limits, rules
from naftiko_runtime.source import Source, SourceError, format_as_written, parse_source, read_source

if TYPE_CHECKING:
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.rules import Rule


def source(text: str | bytes) -> Source:
    return parse_source(text.encode() if isinstance(text, str) else text, "x.yml")


def data(text: str) -> Any:
    return source(text).data


def refusal(text: str | bytes) -> Diagnostic:
    """The one thing that is wrong with a text."""
    with pytest.raises(SourceError) as raised:
        source(text)
    (only,) = raised.value.diagnostics
    return only


def place(span: Span | None) -> tuple[int, int, int, int]:
    assert span is not None
    return span.line, span.column, span.end_line, span.end_column


def quoted(text: str, *steps: str | int, key: bool = False) -> str:
    """What stands at the place of a value or key."""
    span = source(text).find_span(steps, key=key)
    lines = text.removeprefix("\ufeff").splitlines()
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]


# -- places -----------------------------------------------------------------------------------------------------------

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
    ("steps", "expected"),
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
def test_the_place_of_a_value(steps: tuple[str | int, ...], expected: str) -> None:
    assert quoted(PLACED, *steps) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
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
def test_the_place_of_a_key(steps: tuple[str | int, ...], expected: str) -> None:
    assert quoted(PLACED, *steps, key=True) == expected


def test_every_key_and_value_has_its_own_place() -> None:
    placed = source(PLACED)
    spans = [placed.find_span(steps, key=True) for steps in (("block",), ("block", "inner"), ("flow",), ("flow", "a"))]
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
    draft = before.make_draft()
    draft.rename_key(draft.get(("a",)), "old", "new")
    after = draft.build()
    assert after.data == {"a": {"new": {"x": 1}, "other": 2}, "b": 3}
    assert list(after.data["a"]) == ["new", "other"]
    assert before.data["a"] == {"old": {"x": 1}, "other": 2}
    assert after.find_span(("a", "new"), key=True) == before.find_span(("a", "old"), key=True)
    assert after.find_span(("a", "new", "x")) == before.find_span(("a", "old", "x"))
    assert after.find_span(("b",)) == before.find_span(("b",))


# -- scalars ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "y", "N", "No", "YES", "2026-05-19", "2026-05-19T12:00:00Z", "12:30:45", "1_000"),
        *("0b101", "0o8", "0x", "0xZ", "+.", "+", ".", "e3", "1e", "1.2.3", "TRue", "nULL", "nan", "inf", "NaN"),
        *("٣", "\uff11", "=", "<", "a:b", "1,000", "--1", "Infinity", "1 2"),
    ],
)
def test_plain_text_stays_text(text: str) -> None:
    assert data(f"k: {text}") == {"k": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, None) for text in ("", "~", "null", "Null", "NULL")),
        *((text, True) for text in ("true", "True", "TRUE")),
        *((text, False) for text in ("false", "False", "FALSE")),
        *(("0", 0), ("-1", -1), ("+7", 7), ("007", 7), ("0x1F", 31), ("0o17", 15), ("9" * 30, int("9" * 30))),
        *(("1.10", 1.1), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("1E+2", 100.0), ("1e999", math.inf)),
        *((".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf)),
    ],
)
def test_yaml_1_2_core_scalars(text: str, expected: Any) -> None:
    value = data(f"k: {text}")["k"]
    assert value == expected
    assert isinstance(value, type(expected))


def test_not_a_number_is_one() -> None:
    assert math.isnan(data("k: .nan")["k"])


@pytest.mark.parametrize("text", ["1.10", "007", "0x1F", "0o17", "+7", "1e3", "1.", "1e999", "-0", "0.10"])
def test_a_number_remembers_how_it_was_written(text: str) -> None:
    assert format_as_written(data(f"k: {text}")["k"]) == text


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), ("42", 42), ("-3", -3)])
def test_a_number_written_plainly_is_a_plain_one(text: str, value: float) -> None:
    found = data(f"k: {text}")["k"]
    assert type(found) is type(value)
    assert format_as_written(found) == text


@pytest.mark.parametrize("text", ["'1'", '"true"', "'~'", "'no'", '"0x1F"', "!!str 12", "! 12"])
def test_quoted_or_tagged_text_is_text(text: str) -> None:
    assert isinstance(data(f"k: {text}")["k"], str)


def test_block_and_folded_text() -> None:
    assert data("a: |\n  x\n   y\nb: >-\n  x\n  y\n") == {"a": "x\n y\n", "b": "x y"}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("404", "404"),
        ("1.10", "1.10"),
        ("true", "true"),
        ("False", "false"),
        ("~", "null"),
        ("no", "no"),
        ("'a b'", "a b"),
    ],
)
def test_keys_are_text(key: str, expected: str) -> None:
    assert data(f"{key}: 1") == {expected: 1}


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("", rules.SYNTAX, 1, 1),
        ("# nothing\n", rules.SYNTAX, 1, 1),
        ("a: b: c\n", rules.SYNTAX, 1, 5),
        ("a: 1\nb: [1\n", rules.SYNTAX, 2, 4),
        ("a: 'x\n", rules.SYNTAX, 1, 4),
        ("a:\n\tb: 1\n", rules.SYNTAX, 2, 1),
        ("a: @b\n", rules.SYNTAX, 1, 4),
        ("a: *b\n", rules.SYNTAX, 1, 4),
        ("a: &b [*b]\n", rules.SYNTAX, 1, 8),
        ("x: ä\x00\n", rules.SYNTAX, 1, 5),
        ("a: 1\nb: \x07\n", rules.SYNTAX, 2, 4),
        (b"\x89PNG\r\n\x1a\n", rules.UNREADABLE, 1, 1),
        (b"a: b\nc: \xe4\n", rules.UNREADABLE, 2, 4),
        ("ö: ".encode() + b"\xff", rules.UNREADABLE, 1, 4),
        ("a: b\n".encode("utf-16"), rules.UNREADABLE, 1, 1),
        ("a: 1\nb: 2\na: 3\n", rules.DUPLICATE_KEY, 3, 1),
        ("{a: 1, 'a': 2}", rules.DUPLICATE_KEY, 1, 8),
        ("1: a\n'1': b\n", rules.DUPLICATE_KEY, 2, 1),
        ("a: !!python/object:os.system x\n", rules.YAML_FEATURE, 1, 4),
        ("a: !!int '1'\n", rules.YAML_FEATURE, 1, 4),
        ("a: !x {}\n", rules.YAML_FEATURE, 1, 4),
        ("a: {b: 1}\nc:\n  <<: 1\n", rules.YAML_FEATURE, 3, 3),
        ("a: 1\n---\nb: 2\n", rules.YAML_FEATURE, 2, 1),
        ("a: {{b}}\n", rules.YAML_FEATURE, 1, 5),
        ("[1]: b\n", rules.YAML_FEATURE, 1, 1),
    ],
)
def test_what_is_refused_and_where(text: str | bytes, rule: Rule, line: int, column: int) -> None:
    found = refusal(text)
    assert found.rule is rule
    assert place(found.span)[:2] == (line, column)


def test_all_duplicate_keys_and_tags_are_told_at_once() -> None:
    with pytest.raises(SourceError) as raised:
        source("a: 1\na: !x 2\nb: {c: 1, c: 2}\n")
    assert [(d.rule.slug, d.span.line) for d in raised.value.diagnostics if d.span] == [
        ("duplicate-key", 2),
        ("yaml-feature", 2),
        ("duplicate-key", 3),
    ]


def test_the_text_of_a_refused_file_can_be_quoted() -> None:
    with pytest.raises(SourceError) as raised:
        source("a: 1\nb: c: d\n")
    assert raised.value.source is not None
    assert raised.value.source.get_line(2) == "b: c: d"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("[" * limits.DOCUMENT_DEPTH_MAX + "]" * limits.DOCUMENT_DEPTH_MAX, None),
        ("[" * (limits.DOCUMENT_DEPTH_MAX + 1) + "]" * (limits.DOCUMENT_DEPTH_MAX + 1), "deeper"),
        ("[" * 100_000, "deeper"),
        ("a: [&x 1" + ", *x" * limits.DOCUMENT_ALIASES_MAX + "]", None),
        ("a: [&x 1" + ", *x" * (limits.DOCUMENT_ALIASES_MAX + 1) + "]", "aliases"),
        ("a: " + "9" * limits.SCALAR_DIGITS_MAX, None),
        ("a: " + "9" * (limits.SCALAR_DIGITS_MAX + 1), "digits"),
        ("a: '" + "9" * 10_000 + "'", None),
        ("a: x" + "9" * 10_000, None),
    ],
)
def test_limits(text: str, about: str | None) -> None:
    if about is None:
        assert data(text)
        return
    found = refusal(text)
    assert found.rule is rules.TOO_LARGE
    assert about in found.message


def test_a_document_may_be_as_large_as_the_limit_and_no_larger() -> None:
    largest = b"a: " + b"x" * (limits.DOCUMENT_BYTES_MAX - 3)
    assert len(source(largest).data["a"]) == limits.DOCUMENT_BYTES_MAX - 3
    assert refusal(largest + b"x").rule is rules.TOO_LARGE


def test_a_small_file_cannot_stand_for_a_huge_one() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    found = refusal("\n".join(["l0: &l0 [1, 2, 3]", *levels]))
    assert found.rule is rules.TOO_LARGE
    assert "aliases expanded" in found.message


def test_a_file_is_read_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "ships.yml"
    path.write_text("a: 1\n")
    assert read_source(path).file == str(path)
    assert read_source(path, "ships.yml").file == "ships.yml"


def test_a_file_that_cannot_be_read_is_a_diagnostic(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yml", tmp_path):
        with pytest.raises(SourceError) as raised:
            read_source(path)
        (found,) = raised.value.diagnostics
        assert found.rule is rules.UNREADABLE
        assert str(path) in found.message
