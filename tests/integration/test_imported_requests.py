"""Each operation of an imported document, called over REST and as a tool, sends what OpenAPI says."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from naftiko_runtime.openapi_import.import_openapi import ImportOptions, import_openapi
from support.caller import call
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import RecordedRequest, Upstream

TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}
FILTER = {"type": "object", "properties": {"kind": TEXT, "size": {"type": "integer"}}}
HARD = "ü/%+&=?#;{{x}} \"'"
"""Characters that have a meaning somewhere in a URL, a header, a cookie or a template."""


def parameter(name: str, place: str, schema: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, **keys}


def body(media_type: str, schema: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"required": True, "content": {media_type: {"schema": schema, **keys}}}


SHIP = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": TEXT, "crew": LIST, "captain": {"type": ["string", "null"]}},
}
PATHS: dict[str, Any] = {
    "/scalars/{id}.json": {
        "get": {
            "parameters": [
                parameter("id", "path", TEXT),
                parameter("id", "query", TEXT),
                parameter("filter[a]", "query", TEXT),
                parameter("X-Plain", "header", TEXT),
                parameter("session", "cookie", TEXT),
            ]
        }
    },
    "/lists/{ids}": {
        "get": {
            "parameters": [
                parameter("ids", "path", LIST),
                parameter("repeated", "query", LIST),
                parameter("joined", "query", LIST, explode=False),
                parameter("piped", "query", LIST, style="pipeDelimited", explode=False),
                parameter("spaced", "query", LIST, style="spaceDelimited", explode=False),
                parameter("X-List", "header", LIST),
            ]
        }
    },
    "/objects": {
        "get": {
            "parameters": [
                parameter("spread", "query", FILTER),
                parameter("deep", "query", {"type": "object"}, style="deepObject"),
                {"name": "json", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            ]
        }
    },
    "/fields/{id}": {
        "put": {"parameters": [parameter("id", "path", TEXT)], "requestBody": body("application/json", SHIP)}
    },
    "/list": {"post": {"requestBody": body("application/json", LIST)}},
    "/merge": {"patch": {"requestBody": body("application/merge-patch+json", SHIP)}},
    "/form": {
        "post": {
            "requestBody": body(
                "application/x-www-form-urlencoded",
                {"type": "object", "properties": {"name": TEXT, "tags": LIST, "card": {"type": "object"}}},
                encoding={"card": {"style": "deepObject"}},
            )
        }
    },
    "/bytes": {"put": {"requestBody": body("image/png", {"type": "string", "format": "binary"})}},
    "/parts": {
        "post": {
            "requestBody": body(
                "multipart/form-data",
                {"type": "object", "properties": {"name": TEXT, "photo": TEXT | {"format": "binary"}}},
                encoding={"photo": {"contentType": "image/png"}},
            )
        }
    },
    "/text": {"post": {"requestBody": body("text/plain", TEXT)}},
    "/xml": {"post": {"requestBody": body("application/xml", {"type": "object"})}},
    "/none": {"post": {}},
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, module_upstream: Upstream) -> Iterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("imported")
    spec = {"openapi": "3.1.0", "info": {"title": "Fleet", "version": "1"}, "paths": PATHS}
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "key"}, "token": {"type": "http", "scheme": "bearer"}}
    secured = {"components": {"securitySchemes": schemes}, "security": [{"token": [], "key": []}]}
    (folder / "spec.json").write_text(json.dumps(spec | secured), encoding="utf-8")
    imported = import_openapi(folder / "spec.json", ImportOptions(base_uri=f"{module_upstream.url}/v1"))
    assert imported.report.imported == imported.report.operations == len(PATHS)
    (text,) = imported.files.values()
    (folder / "fleet.yaml").write_text(text, encoding="utf-8")
    secrets = {"FLEET_TOKEN_TOKEN": "t0ken", "FLEET_KEY": "k3y"}
    with Gateway(folder / "fleet.yaml", ["fleet-rest", "fleet-mcp"], environment=secrets) as running:
        yield running


@pytest.fixture(autouse=True)
def forgetful(module_upstream: Upstream) -> None:
    module_upstream.reset()


def call_tool(gateway: Gateway, name: str, arguments: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    url = gateway.urls["fleet-mcp"].removesuffix("/mcp")
    response = call(url, "/mcp", "POST", headers, json.dumps(message).encode())
    assert not response.json["result"].get("isError"), response.json


def call_route(gateway: Gateway, method: str, target: str, headers: Any = None, content: bytes | None = None) -> None:
    response = call(gateway.urls["fleet-rest"], target, method, headers, content)
    assert response.status == 200, response.body


def read_request(upstream: Upstream) -> tuple[RecordedRequest, str, list[tuple[str, str]]]:
    """Return the only request, its path as it was sent, and its decoded query without the key."""
    (request,) = upstream.received
    parts = urlsplit(request.target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    assert ("key", "k3y") in query
    assert request.header("authorization") == "Bearer t0ken"
    return request, parts.path, [field for field in query if field[0] != "key"]


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_scalars_keep_their_place(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    plain = HARD.replace("ü", "u")
    if side == "mcp":
        arguments = {"id": HARD, "query_id": HARD, "filter_a": HARD, "X-Plain": plain, "session": HARD}
        call_tool(gateway, "get-scalars-by-id-json", arguments)
    else:
        value = quote(HARD, safe="")
        headers = {"X-Plain": plain, "Cookie": f"session={value}"}
        call_route(gateway, "GET", f"/scalars/{value}.json?query_id={value}&filter_a={value}", headers)
    request, path, query = read_request(module_upstream)
    assert path == f"/v1/scalars/{quote(HARD, safe='')}.json" or unquote(path) == f"/v1/scalars/{HARD}.json"
    assert path.count("/") == 3
    assert sorted(query) == [("filter[a]", HARD), ("id", HARD)]
    assert request.header("x-plain") == plain
    name, _, value = (request.header("cookie") or "").partition("=")
    assert (name, unquote(value)) == ("session", HARD)


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_lists_are_written_by_their_style(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    items = ["a+b", "c,d"]
    names = ("repeated", "joined", "piped", "spaced")
    if side == "mcp":
        call_tool(gateway, "get-lists-by-ids", dict.fromkeys(("ids", *names, "X-List"), items))
    else:
        query = "&".join(f"{name}={quote(item, safe='')}" for name in names for item in items)
        call_route(gateway, "GET", f"/lists/a%2Bb,c%2Cd?{query}", {"X-List": 'a+b, "c,d"'})
    request, path, _ = read_request(module_upstream)
    assert path == "/v1/lists/a%2Bb,c%2Cd"
    written = [field for field in urlsplit(request.target).query.split("&") if not field.startswith("key=")]
    assert written == [
        "repeated=a%2Bb",
        "repeated=c%2Cd",
        "joined=a%2Bb,c%2Cd",
        "piped=a%2Bb%7Cc%2Cd",
        "spaced=a%2Bb%20c%2Cd",
    ]
    assert request.header("x-list") == 'a+b,"c,d"'


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_objects_are_written_by_their_style(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    value = {"a": HARD, "b": {"c": "1"}}
    if side == "mcp":
        call_tool(gateway, "get-objects", {"kind": HARD, "size": 3, "deep": value, "json": value})
    else:
        written = quote(json.dumps(value))
        call_route(gateway, "GET", f"/objects?kind={quote(HARD)}&size=3&deep={written}&json={written}")
    _, _, query = read_request(module_upstream)
    assert query[:4] == [("kind", HARD), ("size", "3"), ("deep[a]", HARD), ("deep[b][c]", "1")]
    assert [(name, json.loads(text)) for name, text in query[4:]] == [("json", value)]


@pytest.mark.parametrize("side", ["rest", "mcp"])
@pytest.mark.parametrize(
    ("method", "path", "tool", "given", "sent", "media_type"),
    [
        (
            "PUT",
            "/fields/1",
            "put-fields-by-id",
            {"body_id": HARD, "crew": [], "captain": None},
            {"id": HARD, "crew": [], "captain": None},
            "application/json",
        ),
        ("PATCH", "/merge", "patch-merge", {"id": "7"}, {"id": "7"}, "application/merge-patch+json"),
        ("POST", "/list", "post-list", [HARD, ""], [HARD, ""], "application/json"),
    ],
)
def test_json_bodies_are_sent_as_they_are(
    gateway: Gateway,
    module_upstream: Upstream,
    side: str,
    method: str,
    path: str,
    tool: str,
    given: Any,
    sent: Any,
    media_type: str,
) -> None:
    if side == "mcp":
        arguments = {"body": given} if isinstance(given, list) else given
        call_tool(gateway, tool, arguments | ({"id": "1"} if path == "/fields/1" else {}))
    else:
        call_route(gateway, method, path, {"Content-Type": "application/json"}, json.dumps(given).encode())
    request, sent_path, _ = read_request(module_upstream)
    assert (request.method, sent_path, request.header("content-type")) == (method, f"/v1{path}", media_type)
    assert json.loads(request.body) == sent


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_forms_are_written_by_their_encoding(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    given = {"name": HARD, "tags": ["a", "b"], "card": {"exp": 7}}
    if side == "mcp":
        call_tool(gateway, "post-form", given)
    else:
        call_route(gateway, "POST", "/form", {"Content-Type": "application/json"}, json.dumps(given).encode())
    request, _, _ = read_request(module_upstream)
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert parse_qsl(request.body.decode()) == [("name", HARD), ("tags", "a"), ("tags", "b"), ("card[exp]", "7")]


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_bytes_are_sent_as_they_are(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    content = bytes(range(256))
    if side == "mcp":
        call_tool(gateway, "put-bytes", {"body": base64.b64encode(content).decode()})
    else:
        call_route(gateway, "PUT", "/bytes", {"Content-Type": "image/png"}, content)
    request, _, _ = read_request(module_upstream)
    assert (request.body, request.header("content-type")) == (content, "image/png")


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_parts_have_their_names_and_types(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    content = bytes(range(256))
    given = {"name": HARD, "photo": base64.b64encode(content).decode()}
    if side == "mcp":
        call_tool(gateway, "post-parts", given)
    else:
        call_route(gateway, "POST", "/parts", {"Content-Type": "application/json"}, json.dumps(given).encode())
    request, _, _ = read_request(module_upstream)
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode()
    parts = [*message_from_bytes(head + request.body, policy=HTTP).iter_parts()]
    assert [(part.get_param("name", header="content-disposition"), part.get_filename()) for part in parts] == [
        ("name", None),
        ("photo", "photo"),
    ]
    assert [part.get_payload(decode=True) for part in parts] == [HARD.encode(), content]
    assert parts[1].get_content_type() == "image/png"


@pytest.mark.parametrize("side", ["rest", "mcp"])
@pytest.mark.parametrize(("path", "media_type"), [("/text", "text/plain"), ("/xml", "application/xml")])
def test_texts_are_sent_as_they_are(
    gateway: Gateway, module_upstream: Upstream, side: str, path: str, media_type: str
) -> None:
    text = f"<a>{HARD}</a>\n"
    if side == "mcp":
        call_tool(gateway, f"post-{path[1:]}", {"body": text})
    else:
        call_route(gateway, "POST", path, {"Content-Type": "application/json"}, json.dumps(text).encode())
    request, _, _ = read_request(module_upstream)
    assert request.body.decode() == text
    assert (request.header("content-type") or "").partition(";")[0] == media_type


@pytest.mark.parametrize("side", ["rest", "mcp"])
def test_an_operation_without_inputs_sends_nothing(gateway: Gateway, module_upstream: Upstream, side: str) -> None:
    if side == "mcp":
        call_tool(gateway, "post-none", {})
    else:
        call_route(gateway, "POST", "/none?x=1", {"Content-Type": "application/json"}, b'{"a": 1}')
    request, _, query = read_request(module_upstream)
    assert (request.body, query) == (b"", [])
