"""Calls of tools: by bare messages, and by the official client."""

from __future__ import annotations

import json
from typing import Any

import mcp_types as types
from mcp import Client

from support.caller import Response, call

MODES = ["auto", "legacy", "2026-07-28"]
MODERN = "2026-07-28"
NAMESPACE = "pixel-tracking-pixel-tracking"
JSON = {"content-type": "application/json"}
MESSAGE = {**JSON, "accept": "application/json, text/event-stream"}


def post(url: str, method: str, params: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """A bare message."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return call(url, "/mcp", "POST", MESSAGE | (headers or {}), json.dumps(message).encode())


def bare_call(url: str, name: str, arguments: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    """A tool's result by a bare message on the oldest wire."""
    return post(url, "tools/call", {"name": name, "arguments": arguments}, headers).json["result"]


async def result(url: str, name: str, arguments: dict[str, Any] | None = None, mode: str = MODERN) -> Any:
    """A tool's result by the official client."""
    async with Client(url, mode=mode) as client:
        return await client.call_tool(name, arguments or {})


def text_of(response: Any) -> str:
    (content,) = response.content
    assert isinstance(content, types.TextContent)
    return content.text
