"""The checks of request heads, and the ASGI scope."""

from __future__ import annotations

import pytest
from httptools import HttpParserInvalidURLError

from naftiko_runtime.http_server.rejection import BAD_FRAMING, BAD_HOST, NOT_HTTP, UNKNOWN_CODING, Rejection
from naftiko_runtime.http_server.request_head import RequestHead, is_host, make_scope

HOST = (b"host", b"x")


def head(*headers: tuple[bytes, bytes]) -> RequestHead:
    made = RequestHead()
    for name, value in headers:
        made.note(name, value)
    return made


@pytest.mark.parametrize(
    ("headers", "version", "url", "rejection"),
    [
        ([HOST], "1.1", b"/", None),
        ([HOST], "2.0", b"/", NOT_HTTP),
        ([HOST], "0.9", b"/", NOT_HTTP),
        ([], "1.1", b"/", BAD_HOST),
        ([], "1.0", b"/", None),
        ([HOST, HOST], "1.1", b"/", BAD_HOST),
        ([HOST, HOST], "1.0", b"/", BAD_HOST),
        ([(b"host", b"")], "1.1", b"/", BAD_HOST),
        ([(b"host", b"")], "1.1", b"*", None),
        ([(b"host", b"")], "1.1", b"http://x/", None),
        ([(b"host", b"a b")], "1.1", b"/", BAD_HOST),
        ([HOST, (b"transfer-encoding", b"chunked")], "1.1", b"/", None),
        ([HOST, (b"transfer-encoding", b" Chunked ")], "1.1", b"/", None),
        ([HOST, (b"transfer-encoding", b"chunked")], "1.0", b"/", BAD_FRAMING),
        ([HOST, (b"transfer-encoding", b"chunked, chunked")], "1.1", b"/", BAD_FRAMING),
        ([HOST, (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"gzip")], "1.1", b"/", BAD_FRAMING),
        ([HOST, (b"transfer-encoding", b"gzip"), (b"transfer-encoding", b"chunked")], "1.1", b"/", UNKNOWN_CODING),
        ([HOST, (b"transfer-encoding", b"gzip")], "1.1", b"/", BAD_FRAMING),
    ],
)
def test_a_head_is_checked(
    headers: list[tuple[bytes, bytes]], version: str, url: bytes, rejection: Rejection | None
) -> None:
    made = head(*headers)
    assert made.check(version, url) is rejection


@pytest.mark.parametrize(
    ("headers", "framing"),
    [
        ([], b""),
        ([(b"content-length", b"7")], b"content-length: 7"),
        ([(b"transfer-encoding", b"chunked")], b"transfer-encoding: chunked"),
    ],
)
def test_the_framing_of_the_body_is_known(headers: list[tuple[bytes, bytes]], framing: bytes) -> None:
    assert head(*headers).framing == framing


@pytest.mark.parametrize(("value", "expected"), [(b"100-continue", True), (b"100-Continue", True), (b"200", False)])
def test_only_100_continue_is_expected(value: bytes, *, expected: bool) -> None:
    assert head((b"expect", value)).expects_continue is expected


@pytest.mark.parametrize("value", [b"example.com", b"example.com:80", b"[::1]:8080", b"", b"a_b-c.d~"])
def test_a_host_may_be_a_name_or_an_address(value: bytes) -> None:
    assert is_host(value)


@pytest.mark.parametrize("value", [b"a b", b"a/b", b"user@host", b"a\tb", b"\xc3\xa9", b"a?b", b'"a"'])
def test_what_is_no_host(value: bytes) -> None:
    assert not is_host(value)


@pytest.mark.parametrize(
    ("method", "url", "raw_path", "path", "query"),
    [
        (b"GET", b"/", b"/", "/", b""),
        (b"GET", b"/a%20b?c=%20&d", b"/a%20b", "/a b", b"c=%20&d"),
        (b"GET", b"/a?b?c", b"/a", "/a", b"b?c"),
        (b"GET", b"/a#b", b"/a", "/a", b""),
        (b"OPTIONS", b"*", b"*", "*", b""),
        (b"GET", b"http://x/a?b", b"/a", "/a", b"b"),
        (b"GET", b"http://x", b"/", "/", b""),
    ],
)
def test_a_target_is_split(method: bytes, url: bytes, raw_path: bytes, path: str, query: bytes) -> None:
    scope = make_scope(head(HOST), method, url, [HOST], ("a", 1), None)
    found = (scope["method"], scope["raw_path"], scope["path"], scope["query_string"])
    assert found == (method.decode(), raw_path, path, query)
    assert (scope["client"], scope["server"], scope["type"], scope["scheme"]) == (("a", 1), None, "http", "http")


@pytest.mark.parametrize(
    ("url", "host"), [(b"http://target/", b"target"), (b"http://target:81/", b"target:81"), (b"/", b"x")]
)
def test_the_host_of_an_absolute_target_replaces_the_header(url: bytes, host: bytes) -> None:
    scope = make_scope(head(HOST), b"GET", url, [(b"accept", b"*/*"), HOST], None, None)
    assert scope["headers"] == [(b"accept", b"*/*"), (b"host", host)]


@pytest.mark.parametrize(("method", "url"), [(b"GET", b"*"), (b"GET", b"a b"), (b"GET", b"http:///a")])
def test_what_is_no_target(method: bytes, url: bytes) -> None:
    with pytest.raises(HttpParserInvalidURLError):
        make_scope(head(HOST), method, url, [HOST], None, None)
