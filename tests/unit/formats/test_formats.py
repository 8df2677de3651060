from __future__ import annotations

import contextlib
import csv
import io
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.encode import encode_json
from naftiko_runtime.formats import DECODERS, DecodeError, decode, read_json
from naftiko_runtime.response_irregularities import Irregularities

XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
WIDE_CODECS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
XML_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")


@pytest.mark.parametrize(
    ("raw_format", "body", "value"),
    [
        ("xml", "<r/>", ""),
        ("xml", "<r>text</r>", {"": "text"}),
        ("xml", "<r><a>1</a><b/><a>2</a></r>", {"a": ["1", "2"], "b": ""}),
        ("xml", "<r><a/><a/><a x='1'/></r>", {"a": ["", "", {"x": "1"}]}),
        ("xml", "<r id='7'>text</r>", {"id": "7", "": "text"}),
        ("xml", "<r>one<a/>two<a/>\n</r>", {"a": ["", ""], "": ["one", "two"]}),
        ("xml", "<n:r xmlns:n='u' xmlns='v' n:id='7'>\n <n:a>é</n:a>\n</n:r>", {"id": "7", "a": "é"}),
        ("xml", "<r><a>&lt;&#33;<![CDATA[<b>]]></a></r>", {"a": "<!<b>"}),
        ("xml", f"<r {XSI} xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><a xsi:nil='true'/><b i:nil='1'/></r>",
         {"a": None, "b": None}),
        ("xml", f"<r {XSI}><a xsi:nil='false'>x</a></r>", {"a": "x"}),
        ("xml", "<?xml version='1.0' encoding='iso-8859-1'?><r><a>é</a></r>", {"a": "é"}),
        ("xml", "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r><a>1</a></r>", {"a": "1"}),
        ("xml", "<!DOCTYPE r [<!ELEMENT r ANY><!-- ]> --><!ATTLIST a b CDATA 'x'>] ><r><a>1</a></r>", {"a": "1"}),
        ("xml", "<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><r><x y='1&b;'>&b;</x></r>",
         {"x": {"y": "1", "": "&b;"}}),
        ("xml", "<r><a>&nbsp;</a></r>", {"a": "&nbsp;"}),
        ("xml", "\n<?xml version='1.0'?><r><a>1</a></r>", {"a": "1"}),
        ("csv", 'a,b\r\n1,"x\r\ny, ""z"""\r\n\r\n2,3\r\n', [{"a": "1", "b": 'x\r\ny, "z"'}, {"a": "2", "b": "3"}]),
        ("csv", "\ufeffname\nÄ\n", [{"name": "Ä"}]),
        ("csv", "a\x0bb\n1\u2028", [{"a\x0bb": "1\u2028"}]),
        ("csv", "a\n" + "x" * 200_000, [{"a": "x" * 200_000}]),
        ("csv", "", []),
        ("tsv", "a\tb\n1,\t2", [{"a": "1,", "b": "2"}]),
        ("psv", "a|b\n1|2", [{"a": "1", "b": "2"}]),
        ("yaml", "a: [1, no, 1.0, null]\nb: {c: 12:30}", {"a": [1, "no", 1.0, None], "b": {"c": "12:30"}}),
        ("yaml", "\ufeffa: 1", {"a": 1}),
        ("yaml", "# nothing", None),
        ("json", '\ufeff{"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_values(raw_format: str, body: str, value: Any) -> None:
    notes = Irregularities()
    encoded = body.encode("iso-8859-1" if "iso-8859-1" in body else "utf-8")
    assert decode(raw_format, encoded, notes=notes) == value
    assert notes.count == 0


@pytest.mark.parametrize(
    ("raw_format", "body", "value", "noted"),
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
        ("xml", b"<r><a>\xe9</a></r>", {"a": "\ufffd"}, 1),
        ("xml", b"<r><a>A & B &#0; \x01 &#65;</a></r>", {"a": "A & B \ufffd \ufffd A"}, 3),
        ("xml", b"<?xml version='1.0' encoding='nonsense'?><r><a>1</a></r>", {"a": "1"}, 1),
        ("xml", b"<?xml version='1.0' encoding='base64'?><r><a>1</a></r>", {"a": "1"}, 1),
        ("yaml", b"a: 1\na: 2", {"a": 2}, 1),
        ("yaml", b"a: !ship x\n---\nb: 1", {"a": "x"}, 2),
        ("yaml", b"a: !!python/object:os.system x", {"a": "x"}, 1),
        ("yaml", b"a: x\x01", {"a": "x\ufffd"}, 1),
        ("json", b'["\\ud800", "\\udc00\\ud83d\\ude00", "\\\\ud800"]', ["\ufffd", "\ufffd\U0001f600", "\\ud800"], 1),
        ("json", b"[NaN, -Infinity, 1]", [None, None, 1], 2),
        ("json", b'{"a": "\xed\xa0\x80"}', {"a": "\ufffd\ufffd\ufffd"}, 1),
        ("json", b'{"a": "1\n2"}', {"a": "1\n2"}, 1),
    ],
)  # fmt: skip
def test_what_is_irregular_is_read_and_counted(raw_format: str, body: bytes, value: Any, noted: int) -> None:
    notes = Irregularities()
    assert decode(raw_format, body, notes=notes) == value
    assert notes.count == noted


@pytest.mark.parametrize(
    ("raw_format", "body", "charset", "value"),
    [
        ("json", '{"a": "é€"}'.encode("cp1252"), "windows-1252", {"a": "é€"}),
        ("json", '{"a": "é€"}'.encode("cp1252"), "iso-8859-1", {"a": "é€"}),  # as browsers mean it
        ("json", '{"a": "é"}'.encode(), "iso-8859-1", {"a": "é"}),  # JSON is UTF-8 if it can be
        ("json", '{"a": "日"}'.encode("shift_jis"), "Shift_JIS", {"a": "日"}),
        ("json", '{"a": "日"}'.encode("iso2022_jp"), "ISO-2022-JP", {"a": "日"}),
        *[("json", '{"a": "é"}'.encode(codec), None, {"a": "é"}) for codec in WIDE_CODECS],
        ("json", '{"a": "é"}'.encode("utf-16-le"), "utf-16le", {"a": "é"}),
        ("csv", "a\né".encode("utf-16-be"), "utf-16", [{"a": "é"}]),  # without a mark the first byte shows the order
        ("csv", "a\né".encode("utf-16-le"), "utf-16", [{"a": "é"}]),
        ("csv", "a\né".encode("utf-16"), "utf-8", [{"a": "é"}]),  # a mark counts more than a label
        ("csv", "a\né".encode("cp1252"), "latin1", [{"a": "é"}]),
        ("csv", "a\né".encode(), "utf8mb4", [{"a": "é"}]),
        ("yaml", "a: é".encode("cp1252"), "iso-8859-15", {"a": "é"}),
        ("xml", "<?xml version='1.0' encoding='utf-8'?><r><a>é</a></r>".encode("cp1252"), "iso-8859-1", {"a": "é"}),
        ("xml", "<?xml version='1.0' encoding='shift_jis'?><r><a>テ</a></r>".encode("shift_jis"), None, {"a": "テ"}),
        ("xml", "<?xml version='1.0' encoding='utf-16'?><r><a>é</a></r>".encode("utf-16"), None, {"a": "é"}),
        ("xml", "<?xml version='1.0' encoding='utf-16'?><r><a>é</a></r>".encode("utf-16-be"), None, {"a": "é"}),
        ("xml", b"<?xml version='1.0' encoding='utf-16'?><r><a>1</a></r>", None, {"a": "1"}),  # it cannot be
    ],
)  # fmt: skip
def test_charsets(raw_format: str, body: bytes, charset: str | None, value: Any) -> None:
    assert decode(raw_format, body, charset=charset) == value


@pytest.mark.parametrize(
    ("raw_format", "body", "words"),
    [
        ("xml", "", "no element"),
        ("xml", "<a><b></a>", "mismatched"),
        ("xml", "<a>" * 300 + "</a>" * 300, "nested"),
        ("yaml", "a: [1", "flow sequence"),
        ("yaml", "a: &a [" + "*a," * 2000 + "]", "inside its own anchor|aliases"),
        ("json", "{", "end of data"),
        ("json", "[1,]", "trailing comma"),
        ("json", "[" * 100_000, "nested"),
    ],
)  # fmt: skip
def test_faults(raw_format: str, body: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode(raw_format, body.encode())


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


def test_a_request_has_to_be_regular_json() -> None:
    assert read_json(b"\xef\xbb\xbf[1]") == [1]
    for body in (b"[NaN]", b'["\\ud800"]', b"[1e999]", '"é"'.encode("utf-16")):
        with pytest.raises(DecodeError):
            read_json(body)


@given(st.sampled_from(sorted(DECODERS)), st.binary())
def test_nothing_else_is_raised(raw_format: str, body: bytes) -> None:
    with contextlib.suppress(DecodeError):
        decode(raw_format, body)


@given(st.text(XML_CHARACTERS))
def test_text_survives_xml(text: str) -> None:
    assert decode("xml", f"<r><t>{escape(text)}</t></r>".encode()) == {"t": text}


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))), max_size=5))
def test_tables_survive_csv(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    assert decode("csv", text.getvalue().encode()) == [{"a": a, "b": b} for a, b in rows]
