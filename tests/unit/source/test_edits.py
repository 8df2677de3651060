"""Edits of a document's text, and the places that are not edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.source import parse_source
from naftiko_runtime.source.edits import add_key, add_parameters, format_scalar, replace_stretches, replace_text

if TYPE_CHECKING:
    from naftiko_runtime.source.edits import Edits


def apply(text: str, edits: Edits) -> str:
    """The text after edits, each of one line."""
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, reverse=True):
        span = edit.span
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + edit.text + line[span.end_column - 1 :]
    return "".join(lines)


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("a: old # why\n", "old", "new", "a: new # why\n"),
        ("a: 'old'\n", "old", "new", "a: 'new'\n"),
        ('a: "old"\n', "old", "true", 'a: "true"\n'),
        ("a: old\n", "old", "true", 'a: "true"\n'),
        ("{a: old}\n", "old", "yes", '{a: "yes"}\n'),
    ],
)
def test_a_replaced_value_keeps_its_quotes_and_stays_text(text: str, old: str, new: str, expected: str) -> None:
    edits = replace_text(parse_source(text.encode(), "x.yml"), ("a",), old, new)
    assert apply(text, edits) == expected


@pytest.mark.parametrize("text", ["a: &here old\n", "a: !!str old\n", 'a: "o\\x6cd"\n', "a: |\n  old\n"])
def test_a_value_that_is_written_differently_is_not_replaced(text: str) -> None:
    assert replace_text(parse_source(text.encode(), "x.yml"), ("a",), "old", "new") == ()


def test_a_key_is_not_replaced_by_one_that_is_there() -> None:
    source = parse_source(b"old: 1\nnew: 2\n", "x.yml")
    assert replace_text(source, ("old",), "old", "new", key=True) == ()
    (edit,) = replace_text(source, ("old",), "old", "other", key=True)
    assert edit.text == "other"


def test_stretches_of_a_value_are_replaced_by_a_word() -> None:
    text = "path: '/{a}/{a}'\n"
    source = parse_source(text.encode(), "x.yml")
    assert apply(text, replace_stretches(source, ("path",), "/{a}/{a}", [(2, 3), (6, 7)], "id")) == (
        "path: '/{id}/{id}'\n"
    )
    assert replace_stretches(source, ("path",), "/{a}/{a}", [(2, 3)], "i'd") == ()


@pytest.mark.parametrize(
    ("text", "scalar"),
    [("word", "word"), ("two words", '"two words"'), ("true", '"true"'), ("12", '"12"'), ("no", '"no"'), ('"', None)],
)
def test_format_scalar(text: str, scalar: str | None) -> None:
    assert format_scalar(text) == scalar


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m:\n  a: 1\nn: 2\n", "m:\n  a: 1\n  k: v\nn: 2\n"),
        ("m: {a: 1}\n", "m: {a: 1, k: v}\n"),
        ("m: {}\n", "m: {k: v}\n"),
    ],
)
def test_a_key_is_added_at_the_end_of_its_mapping(text: str, expected: str) -> None:
    assert apply(text, add_key(parse_source(text.encode(), "x.yml"), ("m",), "k", "v")) == expected


@pytest.mark.parametrize(
    ("text", "maps", "expected"),
    [
        ("path: /x\n", False, "path: /x\ninputParameters:\n  - name: id\n    in: path\n"),
        ("path: /x\n", True, "path: /x\ninputParameters:\n  id:\n    in: path\n"),
        (
            "path: /x\ninputParameters:\n  - name: a\n    in: query\n",
            False,
            "path: /x\ninputParameters:\n  - name: a\n    in: query\n  - name: id\n    in: path\n",
        ),
        (
            "path: /x\ninputParameters: [{name: a}]\n",
            False,
            "path: /x\ninputParameters: [{name: a}, {name: id, in: path}]\n",
        ),
        ("path: /x\ninputParameters: []\n", False, "path: /x\ninputParameters: [{name: id, in: path}]\n"),
        ("{path: /x}\n", False, "{path: /x, inputParameters: [{name: id, in: path}]}\n"),
    ],
)
def test_parameters_are_added_in_the_style_of_their_list(text: str, maps: bool, expected: str) -> None:
    edits = add_parameters(parse_source(text.encode(), "x.yml"), (), ["id"], [("in", "path")], maps=maps)
    assert apply(text, edits) == expected
