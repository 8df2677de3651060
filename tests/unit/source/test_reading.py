"""Errors of parsing, with their places, and the limits of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from naftiko_runtime import limits, rules
from naftiko_runtime.source import Source, SourceError, parse_source, read_source, reading

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


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("up.py", "import os\ndef up(): return 1\n", "a capability is a YAML file with"),
        ("up.yaml", "import os\ndef up(): return 1\n", "quote text with"),
        ("up", "a: 1\nmapping:}\n", "write 'key: value', with a space after the colon"),
        ("a.yml", "naftiko: 1\nmapping:}\n", "write 'key: value', with a space after the colon"),
    ],
)
def test_a_file_that_is_not_yaml_gets_advice(name: str, text: str, advice: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_source(text.encode(), name)
    (found,) = raised.value.diagnostics
    assert found.rule is rules.SYNTAX
    assert found.help is not None
    assert found.help.startswith(advice)


def test_all_duplicate_keys_and_tags_are_reported_at_once() -> None:
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


TOLD_APART = [
    ("[" * 100_000, "exceeded maximum nesting depth"),
    ("a: [b\nc: d", "did not find expected ','"),
    ("a: @b", "found character that cannot start"),
    ("a: |\n\tx", "found a tab"),
    ("a: b: c", "mapping values are not allowed"),
    ("a: b\nc}\nd: e", "could not find expected ':'"),
    ("a: - b", "block sequence entries are not allowed"),
    ("a: 'b", "found unexpected end of stream"),
    ("a: 'b'c", "did not find expected key"),
    ("- a\nb: c", "did not find expected '-'"),
    ('a: "\\q"', "found unknown escape"),
]
"""A text for each error of libyaml that we tell from others, and what the error begins with."""


@pytest.mark.parametrize(("text", "wording"), TOLD_APART)
def test_libyaml_has_the_wording_that_distinguishes_errors(text: str, wording: str) -> None:
    """Its errors have no codes. Where a new version words one otherwise, adapt the module that reads it."""
    with pytest.raises(yaml.MarkedYAMLError) as raised:
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    assert str(raised.value.problem).startswith(wording)


def test_each_text_of_libyaml_that_is_read_is_pinned() -> None:
    read = {start for start, _, _ in reading._YAML_FAULTS} | {  # noqa: SLF001 - what it reads is nowhere else
        *("nesting depth", "found character that cannot start", "did not find expected", "did not find expected ','"),
        "mapping values are not allowed",
    }
    assert [text for text in read if not any(text in wording for _, wording in TOLD_APART)] == []
