"""The MCP SDK is imported when the first request needs it: requests that wait for it, and those that do not."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import RawConnection, call, make_head
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.caller import Response

NAMESPACE = "pixel-tracking-pixel-tracking"
VERSION = "2025-11-25"
AT_ONCE = 8
SIGN = "cryptography/"
"""A compiled module that nothing but MCP's library brings into this process."""


@pytest.fixture
def gateway(pixel_file: Path) -> Iterator[Gateway]:
    with Gateway(pixel_file, [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"], "--sandbox") as started:
        yield started


HEADERS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": VERSION,
}


def url_of(gateway: Gateway) -> str:
    return gateway.urls[f"{NAMESPACE}-mcp"].removesuffix("/mcp")


def message(method: str, params: dict[str, Any] | None = None) -> bytes:
    sent = {"jsonrpc": "2.0", "id": 1, "method": method}
    return json.dumps(sent if params is None else {**sent, "params": params}).encode()


ODD = ("tools/call", {"name": "nope"})
"""Method and parameters of a valid message that only the SDK handles."""


def ask(gateway: Gateway, method: str, params: dict[str, Any] | None = None) -> Response:
    return call(url_of(gateway), "/mcp", "POST", HEADERS, message(method, params))


def has_library(gateway: Gateway) -> bool:
    return SIGN in Path(f"/proc/{gateway.process.pid}/maps").read_text(encoding="utf-8")


def test_a_usual_client_never_needs_it(gateway: Gateway) -> None:
    client = {"protocolVersion": VERSION, "capabilities": {"roots": {}}, "clientInfo": {"name": "c", "version": "1"}}
    assert ask(gateway, "initialize", client).json["result"]["protocolVersion"] == VERSION
    tools = ask(gateway, "tools/list").json["result"]["tools"]
    assert ask(gateway, "tools/call", {"name": tools[0]["name"], "arguments": {}}).json["result"]["content"]
    assert not has_library(gateway)
    assert ask(gateway, "nope").json["error"]["code"] == -32601
    assert not has_library(gateway)
    assert ask(gateway, *ODD).json["error"]["code"] == -32602
    assert has_library(gateway)


def test_those_who_need_it_at_once_wait_for_the_same(gateway: Gateway) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        odd = [threads.submit(ask, gateway, *ODD) for _ in range(AT_ONCE)]
        assert ask(gateway, "tools/list").json["result"]["tools"]
        assert [response.result().json["error"]["code"] for response in odd] == [-32602] * AT_ONCE


def test_a_drain_finishes_the_requests_that_wait_for_the_sdk(gateway: Gateway) -> None:
    body = message(*ODD)
    with RawConnection(url_of(gateway)) as waiting:
        sent = [*HEADERS.items(), ("content-length", str(len(body)))]
        waiting.send(make_head("POST /mcp", sent, host="localhost") + body)
        assert ask(gateway, "tools/list").json["result"]["tools"]
        gateway.process.send_signal(signal.SIGTERM)
        assert waiting.read_response().json["error"]["code"] == -32602
    assert gateway.wait() == 0
