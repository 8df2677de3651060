"""Tool results: text whatever its type, structured content, and hints for the next call.

Every result is checked against the protocol's schema of its era and the tool's own output schema, by the official
client, and by the schemas as published where they are at hand.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client

from support.checked_tools import DOCUMENT, Tools
from support.gateway import Gateway
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><title>é</title></svg>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MAPPED = ["object", "inside", "list", "scalar", "keyed", "untyped", "several"]


@pytest.fixture(scope="module", params=["1", "0"], ids=["direct", "sdk"])
def tools(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_upstream: Upstream
) -> Iterator[Tools]:
    file = tmp_path_factory.mktemp("results") / "results.yaml"
    file.write_text(DOCUMENT)
    environment = {"NAFTIKO_MCP_FAST_PATH": request.param, "KEY": "s3cret-of-api"}
    base = f"api={module_upstream.url}/v1"
    with Gateway(file, ["tools"], "--base-uri", base, environment=environment) as gateway:
        yield Tools(gateway.urls["tools"])


def set_response(
    api: Upstream, body: bytes | str, media_type: str | None = None, status: int = 200, **headers: str
) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if media_type is not None:
        sent["content-type"] = media_type
    for path in ("/v1/x", "/v1/named"):
        api.on("GET", path, Reply(status, sent, body.encode() if isinstance(body, str) else body))


def block(result: Any) -> Any:
    """The only block of a result."""
    (only,) = result["content"]
    return only


# -- text is text, and bytes are bytes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("image/svg+xml", SVG),
        ("image/svg+xml; charset=utf-8", SVG),
        ("IMAGE/SVG+XML", SVG),
        ("image/x-xpixmap", '/* XPM */ static char *a[] = {"1 1 1 1"};'),
        ("audio/x-mpegurl", "#EXTM3U\nhttps://stream.example/a"),
        ("application/yaml", "a: [1, é]\n"),
        ("application/x-yaml", "a: 1"),
        ("application/vnd.oai.openapi+yaml", "openapi: 3.1.0"),
        ("application/toml", 'a = "é"'),
        ("application/sql", "SELECT 'é';"),
        ("application/vnd.github.raw", "# Title\n\ttext"),
        ("application/vnd.github.v3.diff; charset=utf-8", "diff --git a b\n+é"),
        ("application/javascript", "let a = 'é';"),
        ("application/x-www-form-urlencoded", "a=1&b=2"),
        ("application/xml", "<a>é</a>"),
        ("application/soap+xml", "<e/>"),
        ("application/graphql", "{ a }"),
        ("application/rtf", r"{\rtf1 a}"),
        ("application/x-unheard-of", "words"),
        ("application/octet-stream", "plain words, é"),
        ("binary/octet-stream", "plain words"),
        ("text/markdown", "# é"),
        ("multipart/mixed; boundary=a", "--a\r\n\r\nb\r\n--a--"),
        ("nonsense", "words"),
        (None, "words"),
    ],
)
def test_what_is_text_is_text(tools: Tools, api: Upstream, media_type: str | None, body: str) -> None:
    set_response(api, body, media_type)
    result = tools.call("plain")
    assert (block(result), result["isError"]) == ({"type": "text", "text": body}, False)
    assert "structuredContent" not in result


@pytest.mark.parametrize(
    ("media_type", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", "grüezi".encode("latin-1"), "grüezi"),
        ("image/svg+xml; charset=iso-8859-1", SVG.encode("latin-1"), SVG),
        ("application/sql; charset=windows-1251", "да".encode("cp1251"), "да"),
        ("application/octet-stream; charset=utf-16", "words".encode("utf-16"), "words"),
        ("text/plain", b"\xef\xbb\xbfwords", "words"),
        ("application/yaml", "é".encode("utf-16"), "é"),
        (
            "image/svg+xml",
            f'<?xml version="1.0" encoding="ISO-8859-1"?>{SVG}'.encode("latin-1"),
            f'<?xml version="1.0" encoding="ISO-8859-1"?>{SVG}',
        ),
        ("text/html", "<html><meta charset=latin1>é".encode("latin-1"), "<html><meta charset=latin1>é"),
        ("text/plain", b"a\x01b", "a\x01b"),
    ],
)
def test_text_in_other_charsets(tools: Tools, api: Upstream, media_type: str, body: bytes, text: str) -> None:
    set_response(api, body, media_type)
    assert block(tools.call("plain")) == {"type": "text", "text": text}


def test_bytes_of_no_charset_are_noted(tools: Tools, api: Upstream) -> None:
    set_response(api, "grüezi".encode("latin-1"), "text/plain")
    text, note = tools.call("plain")["content"]
    assert text["text"] == "gr\ufffdezi"
    assert "bytes that are not text" in note["text"]


@pytest.mark.parametrize(
    ("media_type", "body", "kind"),
    [
        ("image/gif", GIF, "image"),
        ("image/png", PNG, "image"),
        ("image/png; charset=binary", PNG, "image"),
        ("image/jpeg", b"\xff\xd8\xff\xe0", "image"),
        ("image/svg+xml", gzip.compress(SVG.encode(), mtime=0), "image"),
        ("audio/wav", b"RIFF", "audio"),
        ("audio/mpeg", b"\xff\xfb\x90", "audio"),
        ("video/mp4", b"text", "resource"),
        ("application/pdf", b"%PDF-1.4 text", "resource"),
        ("application/zip", b"PK\x03\x04", "resource"),
        ("application/octet-stream", PNG, "resource"),
        ("application/octet-stream", b"\xff\xfe\x00", "resource"),
        ("application/octet-stream", b"a\0b", "resource"),
        ("application/x-protobuf", b"\n\x04text", "resource"),
        ("application/protobuf", b"text", "resource"),
        ("text/plain", b"\xff\xfe\x00", "resource"),
        (None, b"\xff", "resource"),
    ],
)
def test_bytes_keep_their_type(tools: Tools, api: Upstream, media_type: str | None, body: bytes, kind: str) -> None:
    set_response(api, body, media_type)
    found = block(tools.call("plain"))
    expected = (media_type or "application/octet-stream").partition(";")[0]
    assert found["type"] == kind
    data = found["resource"]["blob"] if kind == "resource" else found["data"]
    assert b64decode(data) == body
    assert (found["resource"] if kind == "resource" else found)["mimeType"] == expected


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1, max_size=20) | st.text(min_size=1, max_size=20).map(str.encode),
    media_type=st.sampled_from(
        [
            "",
            "text/plain",
            "text/html; charset=latin-1",
            "image/png",
            "audio/x",
            "application/x",
            "application/json",
            "a/b+xml",
        ]
    ),
)
def test_any_body_gives_a_result_that_has_all_of_it(tools: Tools, api: Upstream, body: bytes, media_type: str) -> None:
    set_response(api, body, media_type)
    found = tools.call("plain")["content"][0]
    if found["type"] == "text":
        return
    assert b64decode(found["resource"]["blob"] if found["type"] == "resource" else found["data"]) == body


# -- the same value as text and as structured content -----------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/hal+json", "application/vnd.github+json", None]
)
@pytest.mark.parametrize("value", [{"a": 1}, {}, [1, {"b": None}], [], {"result": 3}])
def test_json_comes_twice(tools: Tools, api: Upstream, media_type: str | None, value: Any) -> None:
    set_response(api, json.dumps(value), media_type)
    result = tools.call("plain")
    assert json.loads(block(result)["text"]) == value
    assert result["structuredContent"] == (value if isinstance(value, dict) else {"result": value})


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "text", ""])
def test_json_that_is_one_scalar_comes_twice(tools: Tools, api: Upstream, value: Any) -> None:
    set_response(api, json.dumps(value), "application/json")
    result = tools.call("plain")
    assert (json.loads(block(result)["text"]), result["structuredContent"]) == (value, {"result": value})


def test_json_of_an_unknown_type_comes_twice_where_it_is_an_object_or_a_list(tools: Tools, api: Upstream) -> None:
    set_response(api, ' {"a": 1}', "application/octet-stream")
    assert tools.call("plain")["structuredContent"] == {"a": 1}
    for words in ("5", "true", "{broken", "[a](b)"):
        set_response(api, words)
        assert "structuredContent" not in tools.call("plain")


@pytest.mark.parametrize("body", ['{"a": NaN}', '{"a": "\\ud800"}'])
def test_values_that_json_cannot_represent_are_noted(tools: Tools, api: Upstream, body: str) -> None:
    set_response(api, body, "application/json")
    result = tools.call("plain")
    text, note = result["content"]
    assert text["text"] == body
    assert result["structuredContent"] in ({"a": None}, {"a": "\ufffd"})
    assert "the body holds " in note["text"]


@pytest.mark.parametrize(
    ("tool", "value", "structured"),
    [
        ("object", {"n": 1.5, "s": "a"}, {"n": 1.5, "s": "a"}),
        ("object", {}, {"n": None, "s": None}),
        ("inside", {"in": {"n": 2}}, {"n": 2}),
        ("list", {"l": [1, None]}, {"result": [1, None]}),
        ("list", {}, {"result": None}),
        ("scalar", {"n": 7}, {"result": 7}),
        ("keyed", {"in": {"a": 1, "b": None}}, {"a": 1, "b": None}),
        ("untyped", {"in": {"x": [1]}}, {"x": [1]}),
        ("untyped", {"in": [1]}, {"result": [1]}),
        ("untyped", {}, {"result": None}),
        ("several", {"n": 3}, {"result": 3}),
    ],
)
def test_a_mapped_value_comes_twice(tools: Tools, api: Upstream, tool: str, value: Any, structured: Any) -> None:
    set_response(api, json.dumps(value), "application/json")
    result = tools.call(tool)
    text = json.loads(block(result)["text"])
    assert result["structuredContent"] == structured
    assert structured in (text, {"result": text})


@pytest.mark.parametrize(
    ("tool", "value", "structured", "words"),
    [
        ("object", {"n": "no number", "s": [1]}, {"n": None, "s": None}, "does not match the output schema"),
        ("list", {"l": [1, "x"]}, {"result": [1, None]}, "does not match the output schema"),
        ("scalar", {"n": {"a": 1}}, {"result": None}, "does not match the output schema"),
        ("inside", {}, {"n": None}, "the result is not an object"),
        ("keyed", {"in": [1]}, {}, "the result is not an object"),
    ],
)
def test_values_of_another_type_are_noted(
    tools: Tools, api: Upstream, tool: str, value: Any, structured: Any, words: str
) -> None:
    set_response(api, json.dumps(value), "application/json")
    result = tools.call(tool)
    _, note = result["content"]
    assert result["structuredContent"] == structured
    assert "structuredContent" in note["text"]
    assert words in note["text"]


@pytest.mark.parametrize("tool", MAPPED)
@pytest.mark.parametrize(
    "value", [{}, {"n": None, "l": None, "in": None}, {"n": "x", "l": 1, "in": 2}, [], None, 1, "a"]
)
def test_whatever_an_api_sends_fits_the_output_schema(tools: Tools, api: Upstream, tool: str, value: Any) -> None:
    set_response(api, json.dumps(value), "application/json")
    assert not tools.call(tool)["isError"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_takes_every_result(tools: Tools, api: Upstream, mode: str) -> None:
    async with Client(tools.url, mode=mode) as client:
        await client.list_tools()
        values: list[Any] = [{"n": 1, "s": "a", "l": [1], "in": {"n": 1}}, {}, {"n": "x", "l": [{}], "in": 5}, []]
        for value in values:
            set_response(api, json.dumps(value), "application/json")
            for tool in ("plain", *MAPPED):
                assert not (await client.call_tool(tool, {})).is_error
        set_response(api, b"", status=204)
        for tool in ("plain", *MAPPED):
            assert not (await client.call_tool(tool, {})).is_error
        assert (await client.call_tool("mock", {})).structured_content == {"greeting": "hello"}
        assert (await client.call_tool("mocks", {})).structured_content == {"n": None, "o": {"a": "b"}, "c": [1, None]}


def test_a_mock_lists_exactly_what_it_returns(tools: Tools) -> None:
    greeting = {"type": "string"}
    assert tools.schemas["mock"] == {"type": "object", "properties": {"greeting": greeting}, "required": ["greeting"]}
    result = tools.call("mock")
    assert (json.loads(block(result)["text"]), result["structuredContent"]) == ({"greeting": "hello"},) * 2
    assert tools.call("mocks", {"n": 3})["structuredContent"] == {"n": 3, "o": {"a": "b"}, "c": [1, None]}


# -- when to call again, how often, and where the next page is --------------------------------------------------------


@pytest.mark.parametrize("tool", ["plain", "object"])
@pytest.mark.parametrize("status", [200, 429, 503])
def test_rate_limits_are_listed(tools: Tools, api: Upstream, tool: str, status: int) -> None:
    limits = {"retry_after": "30", "x_ratelimit_remaining": "0", "ratelimit_reset": "9", "ratelimit": '"a";r=5'}
    set_response(api, '{"n": 1}', "application/json", status, **limits, set_cookie="a=b", etag='"x"', x_request_id="r")
    result = tools.call(tool)
    lines = result["content"][1]["text"].splitlines()
    assert result["isError"] == (status != 200)
    if status != 200:
        assert "; try again after 30 seconds" in result["content"][0]["text"].splitlines()[0]
        problem = result.get("structuredContent")
        assert problem is None if tool == "object" else (problem["status"], problem["retryAfter"]) == (status, 30)
    assert lines[0] == "Response headers:"
    expected = ["RateLimit-Reset: 9", 'RateLimit: "a";r=5', "Retry-After: 30", "X-RateLimit-Remaining: 0"]
    assert sorted(lines[1:]) == sorted(expected)


def test_rate_limits_are_listed_for_an_empty_response_and_for_bytes(tools: Tools, api: Upstream) -> None:
    set_response(api, b"", status=204, retry_after="1")
    assert tools.call("plain")["content"][1]["text"] == "Response headers:\nRetry-After: 1"
    set_response(api, GIF, "image/gif", retry_after="1")
    image, note = tools.call("plain")["content"]
    assert (image["type"], note["text"]) == ("image", "Response headers:\nRetry-After: 1")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('<https://elsewhere.example/x?page=2>; rel="next"', ["https://elsewhere.example/x?page=2"]),
        ("<{api}/v1/x?page=2>; rel=next", ["/x?page=2"]),
        ("</v1/x?page=2&api_key=s3cret-of-api>; rel=next, </v1/x?page=9>; rel=last", ["/x?page=2"]),
        ("<?page=2>;rel='x';REL=\"prev Next\"", ["/x?page=2"]),
        ('<?a=1,2>; title="a, <b>; rel=next"; rel="next"', ["/x?a=1,2"]),
        ("<?page=1>; rel=prev, <?page=3>; rel=next", ["/x?page=3"]),
        ('<a.css>; rel=preload, <?page=1>; rel="first"', []),
        ('<?page=2>; xrel=next; title="rel=next"', []),
        ("next", []),
        ("", []),
    ],
)
def test_the_next_page_is_listed(tools: Tools, api: Upstream, link: str, expected: list[str]) -> None:
    set_response(api, "[]", "application/json", link=link.replace("{api}", api.url))
    blocks = tools.call("plain")["content"]
    lines = blocks[1]["text"].splitlines()[1:] if len(blocks) > 1 else []
    assert lines == [f'Link: <{target}>; rel="next"' for target in expected]


def test_a_long_link_header_takes_no_long_time(tools: Tools, api: Upstream) -> None:
    set_response(api, "[]", "application/json", link='<a>;"' + "\\" * 20_000)
    assert tools.call("plain")["content"][1:] == []


def test_secrets_in_listed_headers_are_masked(tools: Tools, api: Upstream) -> None:
    link = "<https://other.example/?key=s3cret-of-api>; rel=next"
    set_response(api, "[]", "application/json", link=link, x_quota="of s3cret-of-api")
    note = tools.call("named")["content"][1]["text"]
    assert "s3cret" not in note
    assert "X-Quota: of ***" in note
    assert len(tools.call("plain")["content"][1]["text"].splitlines()) == 2, "only where it is named"
