from __future__ import annotations

import json
from typing import Any

import pytest

from naftiko_runtime.exposes.mcp.stdio_message import read_message
from naftiko_runtime.exposes.mcp.stdio_response import StdioResponse, read_negotiated_version

VERSION = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}


def read_headers(message: Any, version: str | None = None) -> dict[bytes, bytes]:
    return dict(read_message(json.dumps(message).encode(), version).headers)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ships", b"ships"),
        ("schiffe-ü", b"=?base64?c2NoaWZmZS3DvA==?="),
        ("=?x?=", b"=?base64?PT94Pz0=?="),
        (" a", b"=?base64?IGE=?="),
    ],
)
def test_a_name_becomes_a_header(name: str, header: bytes) -> None:
    headers = read_headers({"id": 1, "method": "tools/call", "params": {"name": name, "_meta": VERSION}})
    assert headers[b"mcp-name"] == header
    assert headers[b"mcp-method"] == b"tools/call"
    assert headers[b"mcp-protocol-version"] == b"2026-07-28"


def test_the_envelope_precedes_the_handshake() -> None:
    assert read_headers({"method": "ping"}, "2025-06-18")[b"mcp-protocol-version"] == b"2025-06-18"
    assert (
        read_headers({"method": "a", "params": {"_meta": VERSION}}, "2025-06-18")[b"mcp-protocol-version"]
        == b"2026-07-28"
    )
    assert b"mcp-protocol-version" not in read_headers({"method": "ping"})


@pytest.mark.parametrize(("identity", "read"), [(1, 1), ("1", "1"), (True, None), (None, None), ([], None)])
def test_a_cancellation_names_a_request(identity: Any, read: int | str | None) -> None:
    message = {"method": "notifications/cancelled", "params": {"requestId": identity}}
    assert read_message(json.dumps(message).encode(), None).cancels == read


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_messages_of_a_stream_are_written(newline: bytes, size: int) -> None:
    lines: list[bytes] = []

    async def write(line: bytes) -> None:
        lines.append(line)

    response = StdioResponse(write)
    body = newline.join(
        [
            b": comment",
            b"",
            b"event: message",
            b'data: {"a":',
            b"data: 1}",
            b"",
            b'data:{"b": 2}',
            b"",
            b"id: 1",
            b"data: ",
            b"",
            b"",
        ]
    )
    await response.send(
        {"type": "http.response.start", "headers": [(b"content-type", b"text/event-stream; charset=utf-8")]}
    )
    for start in range(0, len(body), size):
        await response.send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
    await response.send({"type": "http.response.body"})
    assert [json.loads(line) for line in lines] == [{"a": 1}, {"b": 2}]
    assert not any(b"\n" in line for line in lines)


@pytest.mark.parametrize(
    ("response", "version"),
    [
        (b'{"result":{"protocolVersion":"2025-06-18"}}', "2025-06-18"),
        (b'{"error":{}}', None),
        (b"[]", None),
        (b"", None),
    ],
)
def test_the_negotiated_revision_is_read(response: bytes, version: str | None) -> None:
    assert read_negotiated_version(response) == version
