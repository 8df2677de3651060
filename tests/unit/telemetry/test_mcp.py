"""The attributes of spans of MCP messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime import limits
from naftiko_runtime.telemetry.mcp import MessageWatch

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from naftiko_runtime.telemetry.span_attributes import Value


async def watched(message: Any, response: bytes = b"", version: bytes = b"") -> dict[str, Value]:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    pieces = [body[:10], body[10:]]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(event: MutableMapping[str, Any]) -> None:
        sent.append(event)

    watch = MessageWatch({b"mcp-protocol-version": version} if version else {}, receive, send)
    taken = [await watch.receive(), await watch.receive()]
    assert b"".join(event["body"] for event in taken) == body
    await watch.send({"type": "http.response.start", "status": 200})
    await watch.send({"type": "http.response.body", "body": response})
    assert sent[-1]["body"] == response
    return watch.build_attributes()


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}


async def test_a_call_names_its_tool() -> None:
    assert await watched(request("tools/call", name="get-ship", arguments={"imo": 1}), version=b"2025-06-18") == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get-ship",
        "jsonrpc.request.id": "7",
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2025-06-18",
    }


@pytest.mark.parametrize(
    ("message", "attribute", "value"),
    [
        (request("prompts/get", name="p"), "gen_ai.prompt.name", "p"),
        (request("resources/read", uri="file:///a"), "mcp.resource.uri", "file:///a"),
        (
            request("tools/list", _meta={"io.modelcontextprotocol/protocolVersion": "2026-07-28"}),
            "mcp.protocol.version",
            "2026-07-28",
        ),
    ],
)
async def test_a_message_names_what_it_is_about(message: dict[str, Any], attribute: str, value: str) -> None:
    assert (await watched(message))[attribute] == value


async def test_a_notification_has_no_id() -> None:
    attributes = await watched({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert attributes == {"mcp.method.name": "notifications/initialized"}


@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_has_its_code(stream: bool) -> None:
    response = b'{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}'
    attributes = await watched(request("tools/list"), b"event: message\r\ndata: " + response if stream else response)
    assert (attributes["rpc.response.status_code"], attributes["error.type"]) == ("-32602", "-32602")


async def test_a_handshake_has_the_negotiated_version() -> None:
    response = b'{"jsonrpc":"2.0","id":7,"result":{"protocolVersion":"2025-06-18"}}'
    attributes = await watched(request("initialize", protocolVersion="1999"), response)
    assert attributes["mcp.protocol.version"] == "2025-06-18"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'[{"method": "ping"}]', b'{"method": 1}', b"\xff"])
async def test_what_is_no_single_message_says_nothing(body: bytes) -> None:
    assert await watched(body) == {}


async def test_what_is_large_is_not_read() -> None:
    padding = "x" * limits.TRACED_MESSAGE_BYTES_MAX
    assert await watched(request("tools/list", padding=padding)) == {}
    response = json.dumps({"error": {"code": 1}, "padding": padding}).encode()
    assert "error.type" not in await watched(request("tools/list"), response)


async def test_what_callers_invent_is_cut() -> None:
    assert len(str((await watched(request("x" * 1000)))["mcp.method.name"])) == 256
