"""Comments that silence findings."""

from __future__ import annotations

import pytest

from naftiko_runtime.cli.apply_ignore_comments import filter_ignored, parse_ignore_comments
from naftiko_runtime.diagnostic import Diagnostic, Span
from naftiko_runtime.rules import RULES, UNRESOLVED_CALL, UNUSED_BINDING, Severity
from support.findings import make_finding


def at(line: int, rule: str = "unused-binding", file: str = "a.yml") -> Diagnostic:
    return make_finding(RULES[rule], "x", Span(file, line, 1, line, 2))


def left(text: str, *found: Diagnostic, other: str = "") -> list[tuple[int, str]]:
    comments = {"a.yml": parse_ignore_comments(text, "a.yml"), "b.yml": parse_ignore_comments(other, "b.yml")}
    return [(d.span.line if d.span else 0, d.rule.slug) for d in filter_ignored(found, comments, "a.yml")]


BINDING, CALL, UNUSED = UNUSED_BINDING.slug, UNRESOLVED_CALL.slug, "unused-ignore"


@pytest.mark.parametrize(
    "comment",
    [
        "# naftiko: ignore",
        "#naftiko: ignore",
        "# naftiko: ignore because",
        "# naftiko: ignore[unused-binding]",
        "# naftiko: ignore [NK205]",
        "# naftiko: ignore[unused-binding] because",
        "# why # naftiko: ignore[ nk205 ]",
        "# naftiko: ignore[NK2]",
    ],
)
def test_a_comment_at_the_end_is_about_its_line(comment: str) -> None:
    assert left(f"a: 1\nb: 2  {comment}\nc: 3\n", at(1), at(2), at(3)) == [(1, BINDING), (3, BINDING)]


def test_a_comment_of_its_own_is_about_the_next_line_that_is_none() -> None:
    text = "a: 1\n  # naftiko: ignore[unused-binding]\n# naftiko: ignore[unresolved-call]\n\n# more\nb: 2\nc: 3\n"
    assert left(text, at(1), at(6), at(6, CALL), at(7)) == [(1, BINDING), (7, BINDING)]


def test_names_silence_their_rules_only() -> None:
    assert left("a: 1  # naftiko: ignore[unused-binding]\n", at(1), at(1, CALL)) == [(1, CALL)]


def test_a_file_s_comment_is_about_all_of_it() -> None:
    text = "\n# A file.\n# naftiko: ignore-file[unused-binding]\na: 1\nb: 2\n"
    everywhere = make_finding(UNUSED_BINDING, "x", None)
    assert left(text, at(4), at(5), at(5, CALL), everywhere) == [(5, CALL)]
    assert left("# naftiko: ignore-file\na: 1\n", at(2), at(2, CALL)) == []


@pytest.mark.parametrize("text", ["a: 1\n# naftiko: ignore-file\nb: 2\n", "a: 1  # naftiko: ignore-file\nb: 2\n"])
def test_it_counts_only_at_the_top(text: str) -> None:
    assert (3, BINDING) in left(text, at(3))
    assert UNUSED in {slug for _, slug in left(text, at(3))}


@pytest.mark.parametrize(
    "text",
    [
        'a: "x # naftiko: ignore"\n',
        "a: 'x # naftiko: ignore'\n",
        'a: "\n  # naftiko: ignore"\n',
        "a: |\n  x # naftiko: ignore\n",
        "a: >-\n\n  # naftiko: ignore\n\n  y\n",
        "a:\n- |2\n    # naftiko: ignore\n",
        "a: x#naftiko: ignore\n",
        "a: 1 # naftiko: ignored\n",
        "a: 1 # naftiko: ignorance\n",
        "a: 1 # naftiko: 1.0.0-alpha2\n",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    found = [at(line) for line in range(1, 6)]
    assert left(text, *found) == [(line, BINDING) for line in range(1, 6)]


@pytest.mark.parametrize(
    "text",
    [
        "a: |  # naftiko: ignore\n  x\n",
        'a: "x" # naftiko: ignore\n',
        'a: {b: "#", c: [1, # naftiko: ignore\n 2]}\n',
        "a: [ # naftiko: ignore\n",
        "a: \x01 # naftiko: ignore\n",
    ],
)
def test_comments_behind_all_kinds_of_values(text: str) -> None:
    assert left(text, at(1)) == []


def test_a_comment_behind_a_block_is_one() -> None:
    assert left("a: |\n  x\n# naftiko: ignore\nb: 1\n", at(4)) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_lines_end_as_the_reader_has_them(end: str) -> None:
    assert left(f"a: 1{end}b: 2{end}{end}c: 3 # naftiko: ignore{end}", at(4)) == []


def test_comments_without_effect_are_reported() -> None:
    text = "a: 1 # naftiko: ignore\nb: 2 # naftiko: ignore[NK205, unused-bindin]\nc: 3 # naftiko: ignore[]\n"
    found = filter_ignored([at(2)], {"a.yml": parse_ignore_comments(text, "a.yml")}, "a.yml")
    assert [(str(d.span), d.message, d.help) for d in found] == [
        ("a.yml:1:6", "this comment ignores nothing", "remove it"),
        ("a.yml:2:31", "this comment ignores nothing: no rule 'unused-bindin'", "did you mean 'unused-binding'?"),
        ("a.yml:3:6", "this comment ignores nothing", "remove it"),
    ]


def test_no_comment_is_unused_while_errors_hide_the_rest() -> None:
    comment = "a: 1  # naftiko: ignore[unresolved-call]\n"
    error = make_finding(RULES["wrong-type"], "x", Span("a.yml", 2, 1, 2, 2))
    assert left(comment, error) == [(2, "wrong-type")]
    warning = make_finding(RULES["unknown-key"], "x", Span("a.yml", 2, 1, 2, 2), None, Severity.WARNING)
    assert left(comment, warning) == [(1, UNUSED), (2, "unknown-key")]


def test_unused_ignores_are_silenced_by_name() -> None:
    text = "a: 1 # naftiko: ignore[unused-binding, unused-ignore]\n"
    assert left(text) == []
    assert left(f"# naftiko: ignore-file[NK606]\n{text}") == []
    assert left("a: 1 # naftiko: ignore\n") == [(1, UNUSED)]


def test_an_imported_file_has_its_own_comments() -> None:
    found = at(2, file="b.yml")
    assert left("a: 1\nb: 2\n", found, other="a: 1\nb: 2  # naftiko: ignore\nc: 3 # naftiko: ignore\n") == []
    assert left("a: 1\nb: 2 # naftiko: ignore\n", found) == [(2, UNUSED), (2, BINDING)]
