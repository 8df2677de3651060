"""Large JSON of callers and upstreams: the limits, and the errors beyond them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import Response, call
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

JSON = {"content-type": "application/json"}
HEADERS = {**JSON, "accept": "application/json, text/event-stream"}
MODERN = "2026-07-28"
WIRES = ["handshake", "stateless", "odd"]
MANY = b"[" + b"[]," * 3_000_000 + b"1]"
"""Nine megabytes that would take 300 MB."""
DEEP = b"[" * 200 + b"]" * 200


@pytest.fixture(scope="module")
def gateway(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    with Gateway(documents / "large.yaml", ["web", "tools"], "--base-uri", f"api={module_upstream.url}") as running:
        yield running


def tool(gateway: Gateway, name: str, arguments: bytes, wire: str = "handshake") -> Response:
    """Call a tool; the odd message is the one that the SDK handles."""
    params = b'{"name":"%b","arguments":%b' % (name.encode(), arguments)
    headers = dict(HEADERS)
    if wire == "stateless":
        headers |= {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": name}
        meta = {"protocolVersion": MODERN, "clientInfo": {"name": "a", "version": "1"}, "clientCapabilities": {}}
        envelope = {f"io.modelcontextprotocol/{key}": value for key, value in meta.items()}
        params += b',"_meta":' + json.dumps(envelope).encode()
    elif wire == "odd":
        params += b',"task":null'
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%b}}' % params
    return call(gateway.urls["tools"], "/mcp", "POST", headers, body)


@pytest.mark.parametrize(
    ("value", "why"),
    [(MANY, "it holds more than 250,000 values"), (DEEP, "it is nested more than 128 levels deep")],
    ids=["many", "deep"],
)
def test_a_body_with_too_much_in_it_is_refused(gateway: Gateway, api: Upstream, value: bytes, why: str) -> None:
    response = call(gateway.urls["web"], "/data", "POST", JSON, b'{"value":%b}' % value)
    assert (response.status, response.json["detail"]) == (400, f"exceeds a limit: {why}")
    assert not api.received


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("value", "why"),
    [(MANY[:3_000_000] + b"1]", "it holds more than 250,000 values"), (DEEP, "it is nested more than 128 levels deep")],
    ids=["many", "deep"],
)
def test_a_message_with_too_much_in_it_is_refused(
    gateway: Gateway, api: Upstream, wire: str, value: bytes, why: str
) -> None:
    response = tool(gateway, "post-data", b'{"value":%b}' % value, wire)
    assert response.status == 400
    assert response.json["error"] == {"code": -32700, "message": f"the body exceeds a limit: {why}"}
    assert not api.received


@pytest.mark.own_server  # uvicorn closes with the rest of the message unread, and the reset may take the 413 back
def test_a_message_has_a_limit_of_its_own(gateway: Gateway, documents: Path, api: Upstream) -> None:
    text = b'{"value":["%b"]}' % (b"x" * 5_000_000)
    assert tool(gateway, "post-data", text).status == 413
    assert call(gateway.urls["web"], "/data", "POST", JSON, text).status == 200
    options = ("--base-uri", f"api={api.url}", "--max-message", "6000000", "--max-body", "100")
    with Gateway(documents / "large.yaml", ["web", "tools"], *options) as running:
        assert not tool(running, "post-data", text).json["result"]["isError"]
        assert call(running.urls["web"], "/data", "POST", JSON, text).status == 413


@pytest.mark.parametrize("wire", WIRES)
def test_large_values_arrive_unchanged(gateway: Gateway, api: Upstream, wire: str) -> None:
    value: list[Any] = [{"n": number, "text": 'a ",[ b'} for number in range(40_000)]
    body = json.dumps({"value": value}).encode()
    assert call(gateway.urls["web"], "/data", "POST", JSON, body).status == 200
    assert json.loads(api.last.body) == {"value": value}
    assert not tool(gateway, "post-data", body, wire).json["result"]["isError"]
    assert json.loads(api.last.body) == {"value": value}


def test_a_large_response_is_mapped_and_given_to_tools(gateway: Gateway, api: Upstream) -> None:
    value = {"list": [{"n": number, "other": "x" * 20} for number in range(50_000)]}
    api.on("GET", "/data", Reply(headers=JSON, body=json.dumps(value).encode()))
    assert call(gateway.urls["web"], "/data").json == [{"n": number} for number in range(50_000)]
    assert tool(gateway, "get-data", b"{}").json["result"]["structuredContent"] == value


def test_a_response_with_more_values_than_are_read_cannot_be_mapped(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/data", Reply(headers=JSON, body=b'{"list":%b}' % MANY))
    response = call(gateway.urls["web"], "/data")
    assert response.status == 502
    assert (
        response.json["detail"]
        == "the response of 'api.get-data' cannot be mapped: it holds more than 2,000,000 values"
    )
