"""JSON responses: exact numbers, charsets and irregular texts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.formats import DecodeError, decode, read_json

WIDE_CODECS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('\ufeff{"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_values(body: str, value: Any) -> None:
    notes = Irregularities()
    assert decode("json", body.encode(), notes=notes) == value
    assert notes.count == 0


@pytest.mark.parametrize(
    ("body", "value", "count"),
    [
        (b'["\\ud800", "\\udc00\\ud83d\\ude00", "\\\\ud800"]', ["\ufffd", "\ufffd\U0001f600", "\\ud800"], 1),
        (b"[NaN, -Infinity, 1]", [None, None, 1], 2),
        (b'{"a": "\xed\xa0\x80"}', {"a": "\ufffd\ufffd\ufffd"}, 1),
        (b'{"a": "1\n2"}', {"a": "1\n2"}, 1),
    ],
)  # fmt: skip
def test_irregular_input_is_decoded_and_counted(body: bytes, value: Any, count: int) -> None:
    notes = Irregularities()
    assert decode("json", body, notes=notes) == value
    assert notes.count == count


@pytest.mark.parametrize(
    ("body", "charset", "value"),
    [
        ('{"a": "é€"}'.encode("cp1252"), "windows-1252", {"a": "é€"}),
        ('{"a": "é€"}'.encode("cp1252"), "iso-8859-1", {"a": "é€"}),  # as browsers mean it
        ('{"a": "é"}'.encode(), "iso-8859-1", {"a": "é"}),  # JSON is UTF-8 if it can be
        ('{"a": "日"}'.encode("shift_jis"), "Shift_JIS", {"a": "日"}),
        ('{"a": "日"}'.encode("iso2022_jp"), "ISO-2022-JP", {"a": "日"}),
        *[('{"a": "é"}'.encode(codec), None, {"a": "é"}) for codec in WIDE_CODECS],
        ('{"a": "é"}'.encode("utf-16-le"), "utf-16le", {"a": "é"}),
    ],
)  # fmt: skip
def test_charset(body: bytes, charset: str | None, value: Any) -> None:
    assert decode("json", body, charset=charset) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "end of data"),
        ("[1,]", "trailing comma"),
        ("[" * 100_000, "nested"),
    ],
)  # fmt: skip
def test_invalid_input_is_rejected(body: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("json", body.encode())


@pytest.mark.parametrize(
    "number",
    ["19.90", "12345678901234567.89", "1.5e-7", "1.0E5", "1e999", "0.000010", "0.1000000000000000055511151231257827",
     "12345678.12345678", "123456789012345678901234567890", "9" * 5000, "-1.10", "0.0", "-0.0", "1.0", "100.00"],
)  # fmt: skip
def test_numbers_keep_their_digits(number: str) -> None:
    for form in ("%s", '{"a":%s}', "[1,%s]", '[%s\n,"1.5Z"]', '["2024-01-01T00:00:00.000Z",%s]'):
        compact = (form % number).replace("\n", "")
        assert encode_json(decode("json", (form % number).encode())).decode() == compact
    assert encode_json(decode("yaml", number.encode())).decode() == number


@given(
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})((\.[0-9]{1,30})?|\.[0-9]{1,30}[eE][-+]?[0-9]{1,3}|[eE][-+]?[0-9]{1,3})\Z")
)
def test_any_number_keeps_its_digits(number: str) -> None:
    written = encode_json(decode("json", f"[{number}]".encode())).decode()
    if "." in number or "e" not in number.lower():
        assert written == ("[0]" if number == "-0" else f"[{number}]")
    assert float(decode("json", number.encode())) == float(number)


def test_read_json_rejects_irregular_json() -> None:
    assert read_json(b"\xef\xbb\xbf[1]") == [1]
    for body in (b"[NaN]", b'["\\ud800"]', b"[1e999]", '"é"'.encode("utf-16")):
        with pytest.raises(DecodeError):
            read_json(body)
