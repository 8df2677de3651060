"""Tools: their inputs, and what a call gives."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from support.caller import call
from support.gateway import Gateway
from support.mcp_messages import JSON, MODES, bare_call, result, text_of
from support.upstream import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream


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
        "properties": {
            "id": {"type": "string", "description": "Which one."},
            "limit": {"type": "integer", "description": "How many."},
        },
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
@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (400, "Bad Request; check the arguments"),
        (404, "Not Found; check the arguments: what they name may not exist"),
        (405, "Method Not Allowed"),
        (503, "Service Unavailable; try again later"),
    ],
)
async def test_an_upstreams_error_is_an_error_with_status_and_body(
    tools: str, api: Upstream, tool: str, status: int, phrase: str
) -> None:
    api.on("GET", "/things", Reply(status, JSON, b'{"why": "because"}'))
    response = await result(tools, tool)
    assert response.is_error
    assert text_of(response) == f'\'api.list-things\' responded with {status} {phrase}\n{{"why": "because"}}'


@pytest.mark.parametrize(("tool", "structured"), [("list-things", {}), ("thing-names", {"names": []})])
@pytest.mark.parametrize("status", [200, 204, 304])
async def test_no_body_is_an_object_without_values_that_says_so(
    tools: str, api: Upstream, tool: str, structured: Any, status: int
) -> None:
    chunks: list[Any] | None = [] if status in (204, 304) else None
    api.on("GET", "/things", Reply(status, {}, b"", chunks))
    response = await result(tools, tool)
    assert (response.structured_content, response.is_error) == (structured, False)
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
