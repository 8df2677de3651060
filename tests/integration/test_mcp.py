"""MCP over real sockets: with the official client in every revision, and with raw messages."""

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
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from support.caller import Response, call
from support.gateway import Gateway
from support.upstream import GIF, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

MODES = ["auto", "legacy", "2026-07-28"]
MODERN = "2026-07-28"
NAMESPACE = "pixel-tracking-pixel-tracking"
TOOLS = [f"{name}-pixel" for name in ("alias", "group", "identify", "page", "screen", "track")]
JSON = {"content-type": "application/json"}
MESSAGE = {**JSON, "accept": "application/json, text/event-stream"}
ENVELOPE = {types.PROTOCOL_VERSION_META_KEY: MODERN, types.CLIENT_CAPABILITIES_META_KEY: {}}


@pytest.fixture(scope="module")
def pixels(pixel_file: Path, module_upstream: Upstream) -> Iterator[str]:
    """The pixel capability's MCP URL."""
    names = [f"{NAMESPACE}-rest", f"{NAMESPACE}-mcp"]
    with Gateway(pixel_file, names, "--base-uri", f"{NAMESPACE}={module_upstream.url}/v1") as gateway:
        yield gateway.urls[names[1]]


@pytest.fixture(scope="module")
def gateway(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    base = f"api={module_upstream.url}"
    with Gateway(documents / "mcp.yaml", ["web", "tools"], "--base-uri", base) as running:
        yield running


@pytest.fixture(scope="module")
def tools(gateway: Gateway) -> str:
    """The MCP URL of mcp.yaml."""
    return gateway.urls["tools"]


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
    assert "mcp-session-id" not in response.headers
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
def test_only_post_is_served(pixels: str, method: str, path: str) -> None:
    response = call(pixels, path, method, {"accept": "text/event-stream"})
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
    "lie", [{"mcp-method": "tools/list"}, {"mcp-name": "make-thing"}, {"mcp-protocol-version": "2099-01-01"}]
)
def test_headers_that_differ_from_the_body_are_rejected(tools: str, api: Upstream, lie: dict[str, str]) -> None:
    assert enveloped(tools, HEADERS | lie) == (400, types.HEADER_MISMATCH)
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


@pytest.mark.parametrize("lie", [{"mcp-method": "tools/list"}, {"mcp-name": "get-thing"}])
def test_headers_that_lie_on_a_handshake_wire_are_rejected(tools: str, api: Upstream, lie: dict[str, str]) -> None:
    response = post(tools, "tools/call", {"name": "list-things", "arguments": {}}, lie)
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


@pytest.mark.parametrize("origin", ["http://localhost:6274", "http://127.0.0.1", "http://[::1]:80"])
def test_a_page_of_this_machine_is_served(tools: str, origin: str) -> None:
    response = post(tools, "tools/list", {}, {"origin": origin})
    assert response.status == 200
    assert response.headers["access-control-allow-origin"] == origin


def test_a_preflight_request_is_allowed(tools: str) -> None:
    asked = "content-type,mcp-protocol-version"
    headers = {"access-control-request-method": "POST", "access-control-request-headers": asked}
    response = call(tools, "/mcp", "OPTIONS", {"origin": "http://localhost:6274", **headers})
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == "http://localhost:6274"
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == asked


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


# -- tools ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_a_pixel_tool_lists_its_inputs(pixels: str, mode: str) -> None:
    async with Client(pixels, mode=mode) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    track = listed["track-pixel"]
    assert (track.title, track.description) == ("track-pixel", "Track via pixel")
    assert track.annotations is not None
    hints = track.annotations
    assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (True, False, True)
    assert hints.open_world_hint is None
    assert track.input_schema["type"] == "object"
    assert track.input_schema["additionalProperties"] is True
    assert "query parameters" in track.input_schema["description"]


async def test_a_declared_tool_lists_its_inputs(tools: str) -> None:
    async with Client(tools) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    tool = listed["get-thing"]
    assert (tool.title, tool.description) == ("Get a thing", "One thing.")
    assert tool.input_schema == {
        "type": "object",
        "properties": {"id": {"type": "string", "description": "Which one."}, "limit": {"type": "integer"}},
        "required": ["id"],
        "additionalProperties": False,
    }
    assert "body fields" in listed["make-thing"].input_schema["description"]
    assert listed["list-things"].annotations == types.ToolAnnotations(read_only_hint=True, open_world_hint=False)


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, ""),
        ({"data": "eyJ9"}, "?data=eyJ9"),
        ({"data": "a+b/c= &?#"}, "?data=a%2Bb%2Fc%3D%20%26%3F%23"),
        ({"a b": "ü", "n": 10**20, "f": 1.5, "t": True}, "?a%20b=%C3%BC&n=100000000000000000000&f=1.5&t=true"),
        ({"list": ["x", 2], "none": None, "empty": ""}, "?list=x&list=2&empty="),
        ({"object": {"k": [1]}}, "?object=%7B%22k%22%3A%5B1%5D%7D"),
    ],
)
def test_arguments_become_the_query(tools: str, api: Upstream, arguments: dict[str, Any], query: str) -> None:
    assert bare_call(tools, "list-things", arguments)["isError"] is False
    assert api.last.target == f"/things{query}"


def test_arguments_become_the_body(tools: str, api: Upstream) -> None:
    bare_call(tools, "make-thing", {"name": "x", "size": 12345678901234567890123})
    assert (api.last.method, api.last.target) == ("POST", "/things")
    assert api.last.header("content-type") == "application/json"
    assert json.loads(api.last.body) == {"name": "x", "size": 12345678901234567890123}


@pytest.mark.parametrize("body", [[1, 2], "text", {"a": 1}])
def test_one_argument_called_body_is_the_body(tools: str, api: Upstream, body: Any) -> None:
    bare_call(tools, "make-thing", {"body": body})
    assert json.loads(api.last.body) == body


def test_declared_arguments_reach_their_places(tools: str, api: Upstream) -> None:
    assert bare_call(tools, "get-thing", {"id": "a/b?c", "limit": 5})["isError"] is False
    assert api.last.target == "/things/a%2Fb%3Fc?limit=5"


def test_forwarding_headers_reach_the_upstream(tools: str, api: Upstream) -> None:
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    own = {"cookie": "a=1", "authorization": "Bearer own", "x-forwarded-for": "6.6.6.6"}
    bare_call(tools, "list-things", {}, {**trace, **own})
    assert api.last.header("traceparent") == trace["traceparent"]
    assert api.last.header("x-forwarded-for") == "127.0.0.1"
    assert api.last.header("cookie") is api.last.header("authorization") is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, ["'id': required, but not given"]),
        ({"id": None}, ["'id': required, but not given"]),
        ({"id": 5}, ["'id': must be a string"]),
        ({"id": "x", "limit": "many"}, ["'limit': must be a whole number"]),
        ({"id": "x", "limit": True}, ["'limit': must be a whole number"]),
        ({"id": "x", "idd": 1}, ["'idd': unknown", "'id', 'limit'"]),
        ({"limit": 1.5, "zzz": 1}, ["'id': required", "'limit': must be", "'zzz': unknown"]),
    ],
)
async def test_arguments_that_do_not_fit_are_named(
    tools: str, api: Upstream, arguments: dict[str, Any], named: list[str]
) -> None:
    response = await result(tools, "get-thing", arguments)
    assert response.is_error
    assert [part for part in named if part not in text_of(response)] == []
    assert api.received == []


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_path_value_never_leaves_the_base(tools: str, api: Upstream, value: str) -> None:
    assert bare_call(tools, "get-thing", {"id": value})["isError"] is True
    assert api.received == []


@pytest.mark.parametrize("mode", MODES)
async def test_an_unknown_tool_is_a_protocol_error(tools: str, mode: str) -> None:
    async with Client(tools, mode=mode) as client:
        with pytest.raises(MCPError, match="unknown tool: no-such-tool") as raised:
            await client.call_tool("no-such-tool")
    assert raised.value.error.code == types.INVALID_PARAMS


# -- responses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_json_is_text_and_structured_content(tools: str, api: Upstream, mode: str) -> None:
    body = b'{"a": [1, {"b": null}],  "n": 12345678901234567890123}'
    api.on("GET", "/things", Reply(headers={"content-type": "application/hal+json; charset=utf-8"}, body=body))
    response = await result(tools, "list-things", mode=mode)
    assert text_of(response) == body.decode()
    assert response.structured_content == json.loads(body)
    assert not response.is_error


@pytest.mark.parametrize("body", ["[1, 2]", "[]", "7", '"a"', "null", "true"])
async def test_json_that_is_no_object_is_the_result_of_one(tools: str, api: Upstream, body: str) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=body.encode()))
    response = await result(tools, "list-things")
    assert (text_of(response), response.structured_content) == (body, {"result": json.loads(body)})


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/plain; charset=utf-8", "grüezi"),
        ("application/xml", "<a>ü</a>"),
        ("application/atom+xml", "<feed/>"),
        ("application/json", "{broken"),
        ("text/csv", "a,b"),
    ],
)
async def test_text_is_text(tools: str, api: Upstream, media_type: str, body: str) -> None:
    api.on("GET", "/things", Reply(headers={"content-type": media_type}, body=body.encode()))
    response = await result(tools, "list-things")
    assert (text_of(response), response.structured_content, response.is_error) == (body, None, False)


async def test_audio_is_audio(tools: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers={"content-type": "audio/wav"}, body=b"RIFF\x00"))
    (content,) = (await result(tools, "list-things")).content
    assert isinstance(content, types.AudioContent)
    assert (content.mime_type, b64decode(content.data)) == ("audio/wav", b"RIFF\x00")


@pytest.mark.parametrize(
    ("headers", "media_type"),
    [
        ({"content-type": "application/pdf"}, "application/pdf"),
        ({}, "application/octet-stream"),
        ({"content-type": "text/plain"}, "text/plain"),
    ],
)
async def test_other_bytes_are_an_embedded_blob(
    tools: str, api: Upstream, headers: dict[str, str], media_type: str
) -> None:
    api.on("GET", "/things", Reply(headers=headers, body=b"\xff\xfe\x00"))
    (content,) = (await result(tools, "list-things")).content
    assert isinstance(content, types.EmbeddedResource)
    assert isinstance(content.resource, types.BlobResourceContents)
    assert (content.resource.mime_type, b64decode(content.resource.blob)) == (media_type, b"\xff\xfe\x00")


async def test_a_response_is_mapped(tools: str, api: Upstream) -> None:
    body = b'{"things": [{"name": "pen"}, {"name": "desk", "id": 1}, {}]}'
    api.on("GET", "/things", Reply(headers=JSON, body=body))
    response = await result(tools, "thing-names")
    assert response.structured_content == json.loads(text_of(response)) == {"names": ["pen", "desk", None]}
    response = await result(tools, "first-name")
    names = ["pen", "desk", None]
    assert (json.loads(text_of(response)), response.structured_content) == (names, {"result": names})


@pytest.mark.parametrize("tool", ["list-things", "thing-names"])
@pytest.mark.parametrize(("status", "phrase"), [(400, "Bad Request"), (404, "Not Found"), (503, "Service Unavailable")])
async def test_an_upstreams_error_is_an_error_with_status_and_body(
    tools: str, api: Upstream, tool: str, status: int, phrase: str
) -> None:
    api.on("GET", "/things", Reply(status, JSON, b'{"why": "because"}'))
    response = await result(tools, tool)
    assert response.is_error
    assert text_of(response) == f'\'api.list-things\' responded with {status} {phrase}\n{{"why": "because"}}'


@pytest.mark.parametrize("tool", ["list-things", "thing-names"])
@pytest.mark.parametrize("status", [200, 204, 304])
async def test_no_body_is_an_empty_object_that_says_so(tools: str, api: Upstream, tool: str, status: int) -> None:
    chunks: list[Any] | None = [] if status in (204, 304) else None
    api.on("GET", "/things", Reply(status, {}, b"", chunks))
    response = await result(tools, tool)
    assert (response.structured_content, response.is_error) == ({}, False)
    assert text_of(response).startswith(str(status))


def test_a_redirect_is_not_followed(tools: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(302, {"location": "/elsewhere"}))
    assert bare_call(tools, "list-things", {})["isError"] is True
    assert len(api.received) == 1


async def test_a_response_that_its_mapping_cannot_read_is_an_error(tools: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b"<html>an internal matter"))
    response = await result(tools, "thing-names")
    assert response.is_error
    assert "is not valid JSON" in text_of(response)
    assert "internal matter" not in text_of(response)


@pytest.mark.parametrize("broken", [{}, {"content-length": "100"}])
async def test_a_response_that_breaks_off_is_an_error(tools: str, api: Upstream, broken: dict[str, str]) -> None:
    headers = {"content-type": "text/plain", **broken}
    api.on("GET", "/things", Reply(headers=headers, chunks=[b"a beginning"], broken=True))
    response = await result(tools, "list-things")
    assert response.is_error
    assert "a beginning" not in text_of(response)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://name.invalid", "held"])
async def test_a_failed_call_has_the_same_words_as_rest(documents: Path, api: Upstream, base: str) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    url = api.url if base == "held" else base
    options = ("--base-uri", f"api={url}", *(("--deadline", "0.5") if base == "held" else ()))
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *options) as gateway:
        problem = call(gateway.urls["web"], "/things").json
        response = await result(gateway.urls["tools"], "list-things")
    assert problem["status"] == (504 if base == "held" else 502)
    assert response.is_error
    assert text_of(response).startswith(problem["detail"])
