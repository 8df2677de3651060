"""Calls of tools, on the fast path and by the SDK."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.mcp_fast_path import BODY_BYTES_MAX, DIGITS, LEGACY, META, MODERN, Both, encoded, headers, message

if TYPE_CHECKING:
    from support.upstream import Upstream

TOOLS = [
    "json",
    "plain",
    "numbers",
    "yaml",
    "list",
    "text",
    "gif",
    "audio",
    "blob",
    "empty",
    "missing",
    "shaped",
    "typed",
    "mock",
]


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
def test_every_kind_of_response(both: Both, version: str | None) -> None:
    for name in TOOLS:
        for arguments in (
            {},
            {"limit": 3},
            {"limit": "x"},
            {"unknown": [1, {"a": None}]},
            {"limit": 1.5, "id": "9e-2E"},
        ):
            response = both.ask(headers(version, name), encoded(message(version, name, arguments)))
            assert (response.status, both.to_sdk) == (200, 1), f"{name}: the fast path was not taken"


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
def test_numbers_keep_their_digits(both: Both, version: str | None) -> None:
    response = both.ask(headers(version, "numbers"), encoded(message(version, "numbers")))
    assert b'"structuredContent":' + DIGITS in response.body
    assert json.dumps(DIGITS.decode()).encode() in response.body


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize("identity", [0, -7, "", "a", "é\u2028", "1"])
def test_identities(both: Both, version: str | None, identity: Any) -> None:
    response = both.ask(headers(version), encoded(message(version, id=identity)))
    assert response.json["id"] == identity
    assert both.to_sdk == 1


@pytest.mark.parametrize("version", [MODERN, LEGACY[0]])
def test_a_trace_that_is_another_one_in_every_call_is_nothing_odd(both: Both, version: str, upstream: Upstream) -> None:
    sent = message(version)
    for number in range(1, 4):
        parent = f"00-{number:032x}-{number:016x}-01"
        sent["params"]["_meta"] = {**(META if version == MODERN else {}), "traceparent": parent, "tracestate": "a=1"}
        both.ask(headers(version), encoded(sent))
        assert both.to_sdk == 1, "the fast path was not taken"
        assert [one.header("traceparent") for one in upstream.received[-2:]] == [parent, parent]
        assert upstream.last.header("tracestate") == "a=1"


@pytest.mark.parametrize("version", [MODERN, LEGACY[0]])
def test_envelopes(both: Both, version: str) -> None:
    base: dict[str, Any] = META if version == MODERN else {}
    envelopes: list[Any] = [
        {**base, "progressToken": 1},
        {**base, "progressToken": "x"},
        {**base, "progressToken": None},
        {**base, "progressToken": [1]},
        {**base, "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1"},
        {**base, "traceparent": "nonsense", "tracestate": "\r\n", "baggage": "é"},
        {**base, "traceparent": 1, "tracestate": [], "baggage": {}, "progressToken": True},
        {**base, "x/y": {"a": [1]}},
        {**base, "x/y": "too long to be remembered " * 50},
        {**base, "io.modelcontextprotocol/clientCapabilities": {"sampling": {}, "elicitation": {"form": {}}}},
        {**base, "io.modelcontextprotocol/clientCapabilities": []},
        {**base, "io.modelcontextprotocol/clientInfo": {"name": 1}},
        {**base, "io.modelcontextprotocol/protocolVersion": "2025-06-18"},
        {**base, "io.modelcontextprotocol/protocolVersion": None},
        {},
        None,
        [],
        "x",
    ]
    for meta in envelopes:
        sent = message(version)
        sent["params"]["_meta"] = meta
        for _ in range(2):  # the first one must not change what becomes of the second
            both.ask(headers(version), encoded(sent))
    sent["params"].pop("_meta")
    both.ask(headers(version), encoded(sent))


RICH: list[Any] = [
    {"progressToken": 7, "com.example/turn": 3, "com.example/ids": ["a", {"b": None}]},
    {"traceparent": 1, "tracestate": [], "baggage": {}},
    {"io.modelcontextprotocol/clientInfo": META["io.modelcontextprotocol/clientInfo"]},
    {
        "io.modelcontextprotocol/clientInfo": {
            "name": "c",
            "version": "1",
            "title": None,
            "description": "d",
            "websiteUrl": "https://example.com",
            "icons": [{"src": "data:,", "mimeType": "image/png", "sizes": ["any"], "theme": "dark"}, {"src": ""}],
            "more": 1,
        }
    },
    {"io.modelcontextprotocol/clientInfo": None},
    {
        "io.modelcontextprotocol/clientCapabilities": {
            "experimental": {"a": {"b": 1}},
            "extensions": {"x/y": {"z": []}},
            "roots": {"listChanged": None},
            "unknown": [1],
        }
    },
]


@pytest.mark.parametrize("meta", RICH, ids=str)
@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
def test_the_shape_of_an_envelope_decides_and_not_what_came_before(both: Both, version: str | None, meta: Any) -> None:
    sent = message(version)
    sent["params"]["_meta"] = (META if version == MODERN else {}) | meta
    both.ask(headers(version), encoded(sent))
    assert both.to_sdk == 1, "the fast path was not taken"
    sent["params"]["_meta"]["progressToken"] = [1]
    for _ in range(2):
        both.ask(headers(version), encoded(sent))
        assert both.to_sdk == 0, "a message with a fault is neither the SDK's nor the fast path's"


ODD: list[Any] = [
    {},
    [],
    "x",
    {"jsonrpc": "1.0"},
    {"jsonrpc": None},
    {"id": None},
    {"id": 1.5},
    {"id": True},
    {"id": [1]},
    {"id": 2**70},
    {"method": "tools/list"},
    {"method": "ping"},
    {"method": "nope"},
    {"method": 1},
    {"params": None},
    {"params": []},
    {"params": {}},
    {"params": {"name": "json"}},
    {"params": {"name": "nope", "arguments": {}}},
    {"params": {"name": 1, "arguments": {}}},
    {"params": {"name": "json", "arguments": []}},
    {"params": {"name": "json", "arguments": None}},
    {"params": {"name": "json", "arguments": {}, "task": {"ttl": 1}}},
    {"params": {"name": "json", "arguments": {"limit": 10**30}}},
    {"params": {"name": "json", "arguments": {"limit": 0.1 + 0.2}}},
    {"more": 1},
    {"result": {}},
    {"error": {"code": 1, "message": "x"}},
]


@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_messages(both: Both, version: str | None, odd: Any) -> None:
    whole = odd if not isinstance(odd, dict) or not odd else message(version) | odd
    if isinstance(odd, dict) and isinstance(odd.get("params"), dict) and version == MODERN:
        whole["params"] = {"_meta": META, **odd["params"]}
    both.ask(headers(version), encoded(whole))


@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"\xff",
        b"NaN",
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"json"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":1e999}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":NaN}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":"\\ud800"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":'
        + b"[" * 500
        + b"]" * 500
        + b"}}}",
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json"}}'.encode("utf-16"),
        b"\xef\xbb\xbf" + encoded(message(None)),
        encoded(message(None)) + b" " * BODY_BYTES_MAX,
    ],
    ids=lambda body: body[:20],
)
def test_odd_bodies(both: Both, version: str | None, body: bytes) -> None:
    both.ask(headers(version), body)


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize(
    "more",
    [
        {"content_type": None},
        {"content_type": "text/plain"},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": "Application/JSON"},
        {"accept": None},
        {"accept": "application/json"},
        {"accept": "*/*;q=0.5"},
        {"accept": "text/event-stream"},
        {"accept": "APPLICATION/JSON;q=0"},
        {"accept": "application/json" + ", text/x" * 200},
        {"mcp_method": "tools/list"},
        {"mcp_method": None},
        {"mcp_name": "nope"},
        {"mcp_name": "json "},
        {"mcp_name": "=?base64?" + b64encode(b"json").decode() + "?="},
        {"mcp_name": None},
        {"mcp_param_limit": "3"},
        {"mcp_session_id": "x"},
        {"mcp_protocol_version": "1999-01-01"},
        {"mcp_protocol_version": "2026-07-28 "},
        {"mcp_protocol_version": "2025-06-18"},
        {"origin": "http://localhost:1"},
        {"origin": "https://evil.example"},
    ],
    ids=str,
)
def test_odd_headers(both: Both, version: str | None, more: dict[str, str | None]) -> None:
    both.ask(headers(version, more=more), encoded(message(version)))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(
    version=st.sampled_from([MODERN, *LEGACY]),
    name=st.sampled_from(TOOLS) | st.text(max_size=4),
    arguments=st.dictionaries(st.sampled_from(["limit", "a", "é"]) | st.text(max_size=3), VALUES, max_size=3),
    identity=st.integers(-10, 10) | st.text(max_size=3) | VALUES,
    extra=st.dictionaries(st.sampled_from(["task", "_meta", "name"]), VALUES, max_size=1),
)
def test_any_message(
    both: Both, version: str | None, name: str, arguments: dict[str, Any], identity: Any, extra: dict[str, Any]
) -> None:
    sent = message(version, name, arguments, id=identity)
    sent["params"] |= extra
    header = name if name.isascii() and name.isprintable() else "json"
    both.ask(headers(version, header), encoded(sent))
