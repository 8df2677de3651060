"""CSV, TSV and PSV, decoded to lists of objects."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats import decode


@pytest.mark.parametrize(
    ("raw_format", "body", "value"),
    [
        ("csv", 'a,b\r\n1,"x\r\ny, ""z"""\r\n\r\n2,3\r\n', [{"a": "1", "b": 'x\r\ny, "z"'}, {"a": "2", "b": "3"}]),
        ("csv", "\ufeffname\nÄ\n", [{"name": "Ä"}]),
        ("csv", "a\x0bb\n1\u2028", [{"a\x0bb": "1\u2028"}]),
        ("csv", "a\n" + "x" * 200_000, [{"a": "x" * 200_000}]),
        ("csv", "", []),
        ("tsv", "a\tb\n1,\t2", [{"a": "1,", "b": "2"}]),
        ("psv", "a|b\n1|2", [{"a": "1", "b": "2"}]),
    ],
)  # fmt: skip
def test_values(raw_format: str, body: str, value: Any) -> None:
    notes = Irregularities()
    assert decode(raw_format, body.encode(), notes=notes) == value
    assert notes.count == 0


@pytest.mark.parametrize(
    ("raw_format", "body", "value", "count"),
    [
        ("csv", b"a,a\n1,2", [{"a": "2"}], 1),
        ("csv", b"a,b\n1,2,3,4\n5\n6,7",
         [{"a": "1", "b": "2", "": ["3", "4"]}, {"a": "5", "b": ""}, {"a": "6", "b": "7"}], 2),
        ("csv", b'a,b\n"x" ,"y, z"  \n1,2', [{"a": "x", "b": "y, z"}, {"a": "1", "b": "2"}], 2),
        ("csv", b'a,b\n"he said "hi"",1\n2,3', [{"a": 'he said hi""', "b": "1"}, {"a": "2", "b": "3"}], 1),
        ("csv", b'a,b\n"x,1\ny,2\n', [{"a": '"x', "b": "1"}, {"a": "y", "b": "2"}], 1),
        ("tsv", b'a\tb\n"x" \t1\n2\n', [{"a": "x", "b": "1"}, {"a": "2", "b": ""}], 2),
        ("psv", b"a|b\n1|2|3", [{"a": "1", "b": "2", "": ["3"]}], 1),
        ("csv", b"a\n\xe9", [{"a": "\ufffd"}], 1),
    ],
)  # fmt: skip
def test_irregular_input_is_decoded_and_counted(raw_format: str, body: bytes, value: Any, count: int) -> None:
    notes = Irregularities()
    assert decode(raw_format, body, notes=notes) == value
    assert notes.count == count


@pytest.mark.parametrize(
    ("raw_format", "body", "charset", "value"),
    [
        ("csv", "a\né".encode("utf-16-be"), "utf-16", [{"a": "é"}]),  # without a mark the first byte shows the order
        ("csv", "a\né".encode("utf-16-le"), "utf-16", [{"a": "é"}]),
        ("csv", "a\né".encode("utf-16"), "utf-8", [{"a": "é"}]),  # a mark counts more than a label
        ("csv", "a\né".encode("cp1252"), "latin1", [{"a": "é"}]),
        ("csv", "a\né".encode(), "utf8mb4", [{"a": "é"}]),
    ],
)  # fmt: skip
def test_charset(raw_format: str, body: bytes, charset: str | None, value: Any) -> None:
    assert decode(raw_format, body, charset=charset) == value


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))), max_size=5))
def test_a_written_table_is_read_unchanged(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    assert decode("csv", text.getvalue().encode()) == [{"a": a, "b": b} for a, b in rows]
