"""Multipart forms: a caller's value cannot leave its part."""

from __future__ import annotations

from contextlib import suppress
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.encode_for_place import encode_json, format_text
from naftiko_runtime.engine.multipart import compile_multipart, encode_content, find_content_type
from naftiko_runtime.errors import Rejected
from naftiko_runtime.exposes.rest.forms import read_form
from naftiko_runtime.file_value import File, Unrenderable
from naftiko_runtime.plan import Argument, MultipartPart

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(TEXTS), TEXTS)
def test_no_value_ends_its_part(values: list[str], last: str) -> None:
    encode = compile_multipart((MultipartPart("many", Argument("many")), MultipartPart("last", Argument("last"))), {})
    body = encode({"many": values, "last": last})
    assert body is not None
    kind = find_content_type(body)
    expected = [("many", value) for value in values] + [("last", last)]
    head = b"content-type: " + kind + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    payloads = [part.get_payload(decode=True) for part in message.iter_parts()]
    assert payloads == [value.encode() for _, value in expected]
    fields = read_form(kind, body)  # and our own parser reads it alike
    assert fields is not None
    listed = {name: found if isinstance(found, list) else [found] for name, found in fields.items()}
    assert [(name, value) for name, found in listed.items() for value in found] == expected


@given(st.binary(), st.sampled_from([b"multipart/form-data; boundary=x", b"application/x-www-form-urlencoded"]))
def test_any_bytes_are_a_form_or_refused(body: bytes, kind: bytes) -> None:
    for given_body in (body, b"--x\r\n" + body, b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n' + body):
        with suppress(Rejected):
            read_form(kind, given_body)


@pytest.mark.parametrize(
    ("value", "media_type", "is_file", "expected"),
    [
        ("x", None, False, (b"x", None)),
        ("data:,x", None, False, (b"data:,x", None)),
        ("eA==", "image/png", False, (b"x", None)),
        ("eA==", "text/csv; charset=utf-8", True, (b"eA==", None)),
        ("e\nA = =", None, True, (b"x", None)),
        ("data:,a%20b", None, True, (b"a b", None)),
        ("data:text/plain;charset=utf-8;base64,eA==", "text/plain", True, (b"x", "text/plain")),
        ("{}", "application/vnd.api+json", True, (b"{}", None)),
        (7, None, False, (b"7", None)),
        ({"a": [1]}, "application/json", False, (b'{"a":[1]}', None)),
        (File(b"\xff", "x", "a/b"), "image/png", True, (b"\xff", "a/b")),
    ],
)
def test_content(value: object, media_type: str | None, is_file: bool, expected: tuple[bytes, str | None]) -> None:
    assert encode_content(value, media_type, is_file=is_file) == expected


@pytest.mark.parametrize("value", ["x", "é", "data:;base64,x", "eA"])
def test_content_that_is_no_file(value: str) -> None:
    with pytest.raises(Unrenderable, match="base64"):
        encode_content(value, None, is_file=True)


def test_a_content_type_cannot_add_a_header() -> None:
    encode = compile_multipart((MultipartPart("a", Argument("a"), None, Argument("kind")),), {})
    for kind in ("a/b\r\nx: y", "text", "a/b; x", 'a/b; x="'):
        with pytest.raises(Unrenderable):
            encode({"a": "eA==", "kind": kind})


def test_an_uploaded_file_elsewhere() -> None:
    assert format_text(File("é".encode(), "", None)) == "é"
    assert encode_json({"a": File(b"\xff", "", None)}) == b'{"a":"/w=="}'
    with pytest.raises(Unrenderable, match="multipart"):
        format_text(File(b"\xff", "", None))
