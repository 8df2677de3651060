"""YAML responses, decoded leniently."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats import DecodeError, decode


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("a: [1, no, 1.0, null]\nb: {c: 12:30}", {"a": [1, "no", 1.0, None], "b": {"c": "12:30"}}),
        ("\ufeffa: 1", {"a": 1}),
        ("# nothing", None),
    ],
)  # fmt: skip
def test_values(body: str, value: Any) -> None:
    notes = Irregularities()
    assert decode("yaml", body.encode(), notes=notes) == value
    assert notes.count == 0


@pytest.mark.parametrize(
    ("body", "value", "count"),
    [
        (b"a: 1\na: 2", {"a": 2}, 1),
        (b"a: !ship x\n---\nb: 1", {"a": "x"}, 2),
        (b"a: !!python/object:os.system x", {"a": "x"}, 1),
        (b"a: x\x01", {"a": "x\ufffd"}, 1),
    ],
)  # fmt: skip
def test_irregular_input_is_decoded_and_counted(body: bytes, value: Any, count: int) -> None:
    notes = Irregularities()
    assert decode("yaml", body, notes=notes) == value
    assert notes.count == count


@pytest.mark.parametrize(
    ("body", "charset", "value"),
    [
        ("a: é".encode("cp1252"), "iso-8859-15", {"a": "é"}),
    ],
)  # fmt: skip
def test_charset(body: bytes, charset: str | None, value: Any) -> None:
    assert decode("yaml", body, charset=charset) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a: [1", "flow sequence"),
        ("a: &a [" + "*a," * 2000 + "]", "inside its own anchor|aliases"),
    ],
)  # fmt: skip
def test_invalid_input_is_rejected(body: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("yaml", body.encode())
