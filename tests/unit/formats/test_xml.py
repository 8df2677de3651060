"""XML, decoded to plain values."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats import DecodeError, decode

XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
XML_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("<r/>", ""),
        ("<r>text</r>", {"": "text"}),
        ("<r><a>1</a><b/><a>2</a></r>", {"a": ["1", "2"], "b": ""}),
        ("<r><a/><a/><a x='1'/></r>", {"a": ["", "", {"x": "1"}]}),
        ("<r id='7'>text</r>", {"id": "7", "": "text"}),
        ("<r>one<a/>two<a/>\n</r>", {"a": ["", ""], "": ["one", "two"]}),
        ("<n:r xmlns:n='u' xmlns='v' n:id='7'>\n <n:a>é</n:a>\n</n:r>", {"id": "7", "a": "é"}),
        ("<r><a>&lt;&#33;<![CDATA[<b>]]></a></r>", {"a": "<!<b>"}),
        (f"<r {XSI} xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><a xsi:nil='true'/><b i:nil='1'/></r>",
         {"a": None, "b": None}),
        (f"<r {XSI}><a xsi:nil='false'>x</a></r>", {"a": "x"}),
        ("<?xml version='1.0' encoding='iso-8859-1'?><r><a>é</a></r>", {"a": "é"}),
        ("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r><a>1</a></r>", {"a": "1"}),
        ("<!DOCTYPE r [<!ELEMENT r ANY><!-- ]> --><!ATTLIST a b CDATA 'x'>] ><r><a>1</a></r>", {"a": "1"}),
        ("<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><r><x y='1&b;'>&b;</x></r>",
         {"x": {"y": "1", "": "&b;"}}),
        ("<r><a>&nbsp;</a></r>", {"a": "&nbsp;"}),
        ("\n<?xml version='1.0'?><r><a>1</a></r>", {"a": "1"}),
    ],
)  # fmt: skip
def test_values(body: str, value: Any) -> None:
    notes = Irregularities()
    assert decode("xml", body.encode("iso-8859-1" if "iso-8859-1" in body else "utf-8"), notes=notes) == value
    assert notes.count == 0


@pytest.mark.parametrize(
    ("body", "value", "count"),
    [
        (b"<r><a>\xe9</a></r>", {"a": "\ufffd"}, 1),
        (b"<r><a>A & B &#0; \x01 &#65;</a></r>", {"a": "A & B \ufffd \ufffd A"}, 3),
        (b"<?xml version='1.0' encoding='nonsense'?><r><a>1</a></r>", {"a": "1"}, 1),
        (b"<?xml version='1.0' encoding='base64'?><r><a>1</a></r>", {"a": "1"}, 1),
    ],
)  # fmt: skip
def test_irregular_input_is_decoded_and_counted(body: bytes, value: Any, count: int) -> None:
    notes = Irregularities()
    assert decode("xml", body, notes=notes) == value
    assert notes.count == count


@pytest.mark.parametrize(
    ("body", "charset", "value"),
    [
        ("<?xml version='1.0' encoding='utf-8'?><r><a>é</a></r>".encode("cp1252"), "iso-8859-1", {"a": "é"}),
        ("<?xml version='1.0' encoding='shift_jis'?><r><a>テ</a></r>".encode("shift_jis"), None, {"a": "テ"}),
        ("<?xml version='1.0' encoding='utf-16'?><r><a>é</a></r>".encode("utf-16"), None, {"a": "é"}),
        ("<?xml version='1.0' encoding='utf-16'?><r><a>é</a></r>".encode("utf-16-be"), None, {"a": "é"}),
        (b"<?xml version='1.0' encoding='utf-16'?><r><a>1</a></r>", None, {"a": "1"}),  # it cannot be
    ],
)  # fmt: skip
def test_charset(body: bytes, charset: str | None, value: Any) -> None:
    assert decode("xml", body, charset=charset) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no element"),
        ("<a><b></a>", "mismatched"),
        ("<a>" * 300 + "</a>" * 300, "nested"),
    ],
)  # fmt: skip
def test_invalid_input_is_rejected(body: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("xml", body.encode())


@given(st.text(XML_CHARACTERS))
def test_text_of_an_element_does_not_change(text: str) -> None:
    assert decode("xml", f"<r><t>{escape(text)}</t></r>".encode()) == {"t": text}
