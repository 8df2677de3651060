from __future__ import annotations

import contextlib
import csv
import io
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.formats import DECODERS, Undecodable, decode

XML_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")


@pytest.mark.parametrize(
    ("raw_format", "body", "value"),
    [
        ("xml", "<r/>", ""),
        ("xml", "<r>text</r>", "text"),
        ("xml", "<r><a>1</a><b/><a>2</a></r>", {"a": ["1", "2"], "b": ""}),
        ("xml", "<r><a/><a/><a x='1'/></r>", {"a": ["", "", {"x": "1"}]}),
        ("xml", "<r id='7'>text</r>", {"id": "7", "": "text"}),
        ("xml", "<n:r xmlns:n='u' xmlns='v' n:id='7'>\n <n:a>é</n:a>\n</n:r>", {"id": "7", "a": "é"}),
        ("xml", "<r>&lt;&#33;<![CDATA[<b>]]></r>", "<!<b>"),
        ("xml", "<?xml version='1.0' encoding='iso-8859-1'?><r>é</r>", "é"),
        ("csv", 'a,b\r\n1,"x\r\ny, ""z"""\r\n\r\n2\r\n', [{"a": "1", "b": 'x\r\ny, "z"'}, {"a": "2"}]),
        ("csv", "\ufeffname\nÄ\n", [{"name": "Ä"}]),
        ("csv", "a\x0bb\n1\u2028", [{"a\x0bb": "1\u2028"}]),
        ("csv", "", []),
        ("tsv", "a\tb\n1,\t2", [{"a": "1,", "b": "2"}]),
        ("psv", "a|b\n1|2", [{"a": "1", "b": "2"}]),
        ("yaml", "a: [1, no, 1.0, null]\nb: {c: 12:30}", {"a": [1, "no", 1.0, None], "b": {"c": "12:30"}}),
    ],
)  # fmt: skip
def test_values(raw_format: str, body: str, value: Any) -> None:
    assert decode(raw_format, body.encode("iso-8859-1" if "iso-8859-1" in body else "utf-8")) == value


@pytest.mark.parametrize(
    ("raw_format", "body", "words"),
    [
        ("xml", "", "no element"),
        ("xml", "<a><b></a>", "mismatched"),
        ("xml", "<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><r>&b;</r>", "document type"),
        ("xml", "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>", "document type"),
        ("xml", "<?xml version='1.0' encoding='nonsense'?><r/>", "unknown encoding"),
        ("xml", "<?xml version='1.0' encoding='utf-7'?><r/>", "encoding"),
        ("xml", "<?xml version='1.0' encoding='base64'?><r/>", "encoding"),
        ("xml", "<?xml version='1.0' encoding='shift_jis'?><r/>", "multi-byte"),
        ("xml", "<a>" * 300 + "</a>" * 300, "nested"),
        ("csv", "a,a\n1,2", "same name"),
        ("csv", "a,b\n1,2,3", "row 2 has 3 fields for 2 columns"),
        ("csv", 'a\n"x', "unexpected end"),
        ("yaml", "a: [1", "bracket"),
        ("yaml", "a: !!python/object:os.system x", "tag"),
    ],
)
def test_faults(raw_format: str, body: str, words: str) -> None:
    with pytest.raises(Undecodable, match=words):
        decode(raw_format, body.encode())


@given(st.sampled_from(sorted(DECODERS)), st.binary())
def test_nothing_else_is_raised(raw_format: str, body: bytes) -> None:
    with contextlib.suppress(Undecodable):
        decode(raw_format, body)


@given(st.text(XML_CHARACTERS))
def test_text_survives_xml(text: str) -> None:
    assert decode("xml", f"<r><t>{escape(text)}</t></r>".encode()) == {"t": text}


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))), max_size=5))
def test_tables_survive_csv(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    assert decode("csv", text.getvalue().encode()) == [{"a": a, "b": b} for a, b in rows]
