"""Any path after the path of a forward: the request stays below the base URI, or is rejected."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.encode_for_place import encode_caller_path
from naftiko_runtime.file_value import Unrenderable

BASE = "http://upstream.example:8443/v1/base"
PIECES = st.sampled_from(
    [
        "/",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "%25",
        "%",
        ";",
        "?",
        "#",
        "@",
        ":",
        "//",
        "a",
        "\0",
        "é",
        " ",
        "%00",
        "%0d",
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
@example(b"/..;/x")
@example(b"/%2e%2e%5cx")
def test_no_path_leaves_the_base_uri(raw: bytes) -> None:
    try:
        rest = encode_caller_path(b"/" + raw)
    except Unrenderable:
        return
    url = urlsplit(BASE + rest)
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("http", "upstream.example:8443", "", "")
    assert url.geturl().isascii()
    assert url.geturl().isprintable()
    for once in (url.path, unquote(url.path), unquote(url.path).replace("\\", "/")):  # however a server reads it
        folded = posixpath.normpath(once.replace(";", "/;"))
        assert f"{folded}/".startswith("/v1/base/")


@given(st.binary())
def test_what_is_a_path_goes_through_as_it_came(raw: bytes) -> None:
    plain = bytes(byte for byte in raw if chr(byte).isalnum() and byte < 128)
    assert encode_caller_path(b"/" + plain + b"%2Fx//y;v=1/") == f"/{plain.decode()}%2Fx//y;v=1/"
