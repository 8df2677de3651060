"""Revisions of MCP, its headers, and which callers are served."""

from __future__ import annotations

import json
from base64 import b64decode
from itertools import cycle
from typing import TYPE_CHECKING, Any

import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from support.caller import call
from support.gateway import Gateway
from support.mcp_messages import MESSAGE, MODERN, MODES, NAMESPACE, bare_call, post
from support.upstream import GIF, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream
TOOLS = [f"{name}-pixel" for name in ("alias", "group", "identify", "page", "screen", "track")]
ENVELOPE = {types.PROTOCOL_VERSION_META_KEY: MODERN, types.CLIENT_CAPABILITIES_META_KEY: {}}


# -- the wires --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/mcp", "/"])
@pytest.mark.parametrize("mode", MODES)
async def test_the_official_client_lists_and_calls(pixels: str, api: Upstream, mode: str, path: str) -> None:
    api.on("GET", "/v1/pixel/track", Reply(headers={"content-type": "image/gif"}, body=GIF))
    async with Client(pixels.removesuffix("/mcp") + path, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
        response = await client.call_tool("track-pixel", {"data": "eyJ9+/="})
        assert client.protocol_version == ("2025-11-25" if mode == "legacy" else MODERN)
    assert api.last.target == "/v1/pixel/track?data=eyJ9%2B%2F%3D"
    assert not response.is_error
    (image,) = response.content
    assert isinstance(image, types.ImageContent)
    assert (image.mime_type, b64decode(image.data)) == ("image/gif", GIF)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_server_says_who_it_is(tools: str, mode: str) -> None:
    async with Client(tools, mode=mode) as client:
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.title) == ("tools", "Every kind of tool")
        assert client.instructions == "What the server says of itself."
        assert client.server_capabilities.tools is not None


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
def test_every_handshake_revision_is_spoken(pixels: str, api: Upstream, version: str) -> None:
    hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    response = post(pixels, "initialize", hello)
    assert response.json["result"]["protocolVersion"] == version
    assert len(response.headers["mcp-session-id"]) == 32
    headers = {"mcp-protocol-version": version}
    done = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    assert call(pixels, "/mcp", "POST", MESSAGE | headers, done).status == 202
    listing = post(pixels, "tools/list", {}, headers)
    assert [tool["name"] for tool in listing.json["result"]["tools"]] == TOOLS
    assert bare_call(pixels, "page-pixel", {"data": version}, headers)["isError"] is False
    assert api.last.target == f"/v1/pixel/page?data={version}"
    assert "mcp-session-id" not in listing.headers


def test_an_unknown_revision_is_replaced_by_a_supported_one(pixels: str) -> None:
    hello = {"protocolVersion": "1999-01-01", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    assert post(pixels, "initialize", hello).json["result"]["protocolVersion"] in HANDSHAKE_PROTOCOL_VERSIONS


def test_a_client_without_a_handshake_is_served(tools: str, api: Upstream) -> None:
    assert bare_call(tools, "list-things", {})["isError"] is False
    assert api.last.target == "/things"


@pytest.mark.parametrize("mode", MODES)
async def test_any_replica_handles_any_request(
    tools: str, documents: Path, module_upstream: Upstream, api: Upstream, mode: str
) -> None:
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", f"api={module_upstream.url}") as other:
        turns = cycle([httpx2.URL(tools), httpx2.URL(other.urls["tools"])])
        ports: list[int | None] = []

        async def balance(request: httpx2.Request) -> None:
            request.url = next(turns)
            request.headers["host"] = f"127.0.0.1:{request.url.port}"
            ports.append(request.url.port)

        async with (
            httpx2.AsyncClient(event_hooks={"request": [balance]}) as http,
            Client(streamable_http_client("http://balancer/mcp", http_client=http), mode=mode) as client,
        ):
            await client.list_tools()
            for number in range(4):
                assert not (await client.call_tool("list-things", {"n": number})).is_error
    assert [received.target for received in api.received] == [f"/things?n={number}" for number in range(4)]
    assert len(set(ports)) == 2


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
@pytest.mark.parametrize("path", ["/mcp", "/"])
def test_only_post_and_streams_of_notifications_are_served(pixels: str, method: str, path: str) -> None:
    without_handshake = {"accept": "text/event-stream", "mcp-protocol-version": MODERN}
    for headers in ({"accept": "application/json"}, without_handshake):
        response = call(pixels, path, method, headers)
        assert (response.status, response.headers["allow"]) == (405, "OPTIONS, POST")


def test_another_path_is_404(pixels: str) -> None:
    response = call(pixels, "/mcp/more", "POST", MESSAGE, b"{}")
    assert (response.status, response.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("body", [b"", b"{nope", b"[]", b"[" * 100_000, b"\xff", b'{"jsonrpc": "2.0", "id": 1}'])
@pytest.mark.parametrize("version", [MODERN, "2025-06-18"])
def test_what_is_no_message_is_400(pixels: str, body: bytes, version: str) -> None:
    response = call(pixels, "/mcp", "POST", MESSAGE | {"mcp-protocol-version": version}, body)
    assert response.status == 400
    assert response.json["error"]["code"] in (-32700, -32600, -32602)


def test_a_message_too_large_is_413(pixel_file: Path, api: Upstream) -> None:
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    base = f"{NAMESPACE}={api.url}/v1"
    with Gateway(pixel_file, names, "--base-uri", base, "--max-message", "1000") as gateway:
        assert call(gateway.urls[names[1]], "/mcp", "POST", MESSAGE, b"x" * 1001).status == 413
        assert call(gateway.urls[names[1]], "/mcp", "POST", MESSAGE, iter([b"x" * 600] * 2)).status == 413
        assert bare_call(gateway.urls[names[1]], "page-pixel", {})["isError"] is False


# -- headers and body of the stateless wire say the same --------------------------------------------------------------

HEADERS = {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "list-things"}


def enveloped(url: str, headers: dict[str, str]) -> Any:
    params = {"name": "list-things", "arguments": {}, "_meta": ENVELOPE}
    response = post(url, "tools/call", params, headers)
    return response.status, response.json.get("error", {}).get("code")


def test_headers_that_describe_the_body_are_accepted(tools: str, api: Upstream) -> None:
    assert enveloped(tools, HEADERS) == (200, None)
    assert len(api.received) == 1


@pytest.mark.parametrize(
    "headers", [{"mcp-method": "tools/list"}, {"mcp-name": "make-thing"}, {"mcp-protocol-version": "2099-01-01"}]
)
def test_headers_that_differ_from_the_body_are_rejected(tools: str, api: Upstream, headers: dict[str, str]) -> None:
    assert enveloped(tools, HEADERS | headers) == (400, types.HEADER_MISMATCH)
    assert api.received == []


@pytest.mark.parametrize("left_out", ["mcp-method", "mcp-name"])
def test_headers_that_are_missing_are_rejected(tools: str, api: Upstream, left_out: str) -> None:
    kept = {name: value for name, value in HEADERS.items() if name != left_out}
    assert enveloped(tools, kept) == (400, types.HEADER_MISMATCH)
    assert api.received == []


@pytest.mark.parametrize("version", [{}, {"mcp-protocol-version": "2025-11-25"}])
def test_an_envelope_of_another_revision_than_the_header_is_rejected(
    tools: str, api: Upstream, version: dict[str, str]
) -> None:
    assert enveloped(tools, version)[1] == types.HEADER_MISMATCH
    assert api.received == []


@pytest.mark.parametrize("headers", [{"mcp-method": "tools/list"}, {"mcp-name": "get-thing"}])
def test_wrong_headers_with_a_handshake_are_rejected(tools: str, api: Upstream, headers: dict[str, str]) -> None:
    response = post(tools, "tools/call", {"name": "list-things", "arguments": {}}, headers)
    assert response.json["error"]["code"] == types.HEADER_MISMATCH
    assert api.received == []


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "http://["])
def test_a_foreign_page_is_403(tools: str, api: Upstream, origin: str) -> None:
    params = {"name": "list-things", "arguments": {}}
    response = post(tools, "tools/call", params, {"origin": origin})
    assert (response.status, response.headers["content-type"]) == (403, "application/problem+json")
    assert call(tools, "/mcp", "OPTIONS", {"origin": origin}).status == 403
    assert api.received == []


@pytest.mark.parametrize("host", ["localhost:6274", "127.0.0.1", "[::1]:80"])
def test_a_page_of_the_server_is_served(tools: str, host: str) -> None:
    response = post(tools, "tools/list", {}, {"origin": f"http://{host}", "host": host})
    assert response.status == 200
    assert "access-control-allow-origin" not in response.headers, "it needs no permission"


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1"])
def test_a_page_of_another_server_of_this_machine_is_403(tools: str, origin: str) -> None:
    assert post(tools, "tools/list", {}, {"origin": origin}).status == 403


def test_an_allowed_origin_is_served_and_no_other(documents: Path, api: Upstream) -> None:
    options = ("--base-uri", f"api={api.url}", "--allow-origin", "https://app.example")
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *options) as gateway:
        url = gateway.urls["tools"]
        response = post(url, "tools/list", {}, {"origin": "https://app.example"})
        assert (response.status, response.headers["access-control-allow-origin"]) == (200, "https://app.example")
        for other in ("https://app.example.org", "http://app.example", "https://app.example:8443"):
            assert post(url, "tools/list", {}, {"origin": other}).status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1"])
def test_on_loopback_another_host_is_403(tools: str, host: str) -> None:
    assert post(tools, "tools/list", {}, {"host": host}).status == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9"])
def test_on_loopback_its_own_names_are_served(tools: str, host: str) -> None:
    assert post(tools, "tools/list", {}, {"host": host}).status == 200
