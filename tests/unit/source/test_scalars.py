"""Plain scalars of YAML's core schema, and numbers that keep their spelling."""

from __future__ import annotations

import math
from typing import Any

import pytest

from naftiko_runtime.source import Source, format_as_written, parse_source


def source(text: str | bytes) -> Source:
    return parse_source(text.encode() if isinstance(text, str) else text, "x.yml")


def data(text: str) -> Any:
    return source(text).data


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
def test_a_number_keeps_its_spelling(text: str) -> None:
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
