"""The charset of a response's body."""

from __future__ import annotations

import pytest

from naftiko_runtime.formats import decode, make_decoder


def test_the_charset_of_the_content_type_is_used() -> None:
    cdata = "<r><![CDATA[<?xml version='1.0'?>x]]></r>"
    assert decode("xml", cdata.encode("utf-16"), None, "UTF-16") == {"": "<?xml version='1.0'?>x"}
    assert (
        decode("markdown", "# é".encode("cp1252"), make_decoder("markdown"), "windows-1252")["sections"][0]["heading"]
        == "é"
    )
    assert decode("psv", "\ufeffa|b\nж|2".encode("utf-16"), None, "utf-16") == [{"a": "ж", "b": "2"}]
    assert decode("csv", "a\né".encode("latin-1"), None, "ISO-8859-1") == [{"a": "é"}]
    body = "<?xml version='1.0' encoding='utf-8'?><r>é</r>".encode("latin-1")
    assert decode("xml", body, None, "latin1") == {"": "é"}


@pytest.mark.parametrize(
    "label", ["nonsense", "idna", "unicode_escape", "base64", "hex", "rot13", "zlib", "undefined", "\xe9", "..", "mbcs"]
)
def test_a_label_that_is_no_charset_is_ignored(label: str) -> None:
    for raw_format, body, value in (
        ("csv", "a\né", [{"a": "é"}]),
        ("json", '"é"', "é"),
        ("xml", "<r><a>é</a></r>", {"a": "é"}),
    ):
        assert decode(raw_format, body.encode(), None, label) == value
