"""Headers and paths that do not fit, and tools that do not exist."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import call
from support.mcp_faults import ERAS, LEGACY, META, MODERN, error, headers, request, send

if TYPE_CHECKING:
    from support.upstream import Upstream


# -- tools ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("list-thing", "unknown tool: list-thing; did you mean 'list-things'?"),
        ("List_Things", "did you mean 'list-things'?"),
        ("zzz", "known tools: 'first-name', 'get-thing'"),
        ("", "known tools: "),
        ("y" * 2000, "yyy…"),
    ],
)
def test_an_unknown_tool(tools: str, version: str, name: str, words: str) -> None:
    response = send(tools, version, request(version, "tools/call", {"name": name}))
    error(response, 400 if version == MODERN else 200, -32602, words)
    assert len(response.body) < 1000


# -- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "*/*;q=0.1",
        "application/*",
        "application/json",
        "application/json;q=0.5, text/event-stream;q=0.9",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "TEXT/EVENT-STREAM, Application/JSON",
        "text/event-stream;q=1, application/json; q=nonsense",
        "application/json;q=1, */*;q=0",
    ],
)
def test_any_accept_header_that_takes_json_will_do(tools: str, version: str, accept: str | None) -> None:
    for method in ("tools/list", "tools/call"):
        params = {"name": "list-things"} if method == "tools/call" else None
        for meta in ({}, {"x/y": 1}):  # the fast path handles the first, the SDK the second
            message = request(version, method, params)
            if meta:
                message["params"] = message.get("params", {}) | {
                    "_meta": {**(META if version == MODERN else {}), **meta}
                }
            response = send(tools, version, message, accept=accept)
            assert response.status == 200, response.body
            assert "result" in response.json


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    "accept",
    ["text/event-stream", "text/html", "application/json;q=0", "*/*, application/json;q=0.0", "application/xml"],
)
def test_an_accept_header_that_excludes_json(tools: str, version: str, accept: str) -> None:
    response = send(tools, version, request(version, "tools/list"), accept=accept)
    error(response, 406, -32600, "Accept", "application/json", identity=None)


@pytest.mark.parametrize("version", ERAS)
def test_content_types(tools: str, version: str) -> None:
    message = request(version, "tools/list")
    for right in ("application/json", "application/json; charset=utf-8", "Application/JSON", None):
        assert send(tools, version, message, content_type=right).json["result"]["tools"]
    for wrong in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "json"):
        response = send(tools, version, message, content_type=wrong)
        error(response, 415, -32600, "application/json", f"'{wrong}'", identity=None)


@pytest.mark.parametrize("version", ERAS)
def test_a_compressed_body_is_refused(tools: str, version: str) -> None:
    body = gzip.compress(json.dumps(request(version, "tools/list")).encode())
    response = call(tools, "/mcp", "POST", headers(version, "tools/list") | {"content-encoding": "gzip"}, body)
    error(response, 415, -32600, "compressed", identity=None)
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("header", "envelope", "code", "words"),
    [
        (None, MODERN, -32020, "header is missing"),
        (LEGACY, MODERN, -32020, "says '2025-11-25'"),
        (MODERN, LEGACY, -32020, "says '2026-07-28'"),
        (MODERN, "", -32020, "both must name the same version"),
        ("2099-01-01", MODERN, -32020, "both must name the same version"),
        (MODERN, 1, -32602, "must be a string, and is a number"),
        (MODERN, None, -32602, "needs 'io.modelcontextprotocol/protocolVersion'"),
        ("2099-01-01", "2099-01-01", -32022, "this server supports 2026-07-28, 2025-11-25"),
    ],
)
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "server/discover"])
def test_versions_of_header_and_envelope_that_differ(
    tools: str, api: Upstream, method: str, header: str | None, envelope: Any, code: int, words: str
) -> None:
    params = {"name": "list-things", "_meta": {**META, "io.modelcontextprotocol/protocolVersion": envelope}}
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    error(send(tools, header, message), 400, code, words)
    assert api.received == []


def test_the_error_for_an_unknown_version_lists_the_known_ones(tools: str) -> None:
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
    response = send(tools, "1999-01-01", message)
    error(response, 400, -32022, "'1999-01-01' is not supported")
    assert response.json["error"]["data"]["requested"] == "1999-01-01"
    assert {MODERN, LEGACY} <= set(response.json["error"]["data"]["supported"])


@pytest.mark.parametrize("version", [MODERN, LEGACY, None])
def test_a_method_header_that_differs(tools: str, version: str | None) -> None:
    response = send(tools, version, request(version, "tools/list"), mcp_method="tools/call")
    error(response, 400, -32020, "'tools/call'", "'tools/list'")


# -- paths and methods of HTTP ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/", "/tools/mcp", "/tools/mcp/", "/mcp?x=1"])
@pytest.mark.parametrize("version", ERAS)
def test_spellings_of_the_path(tools: str, version: str, path: str) -> None:
    body = json.dumps(request(version, "tools/list")).encode()
    assert call(tools, path, "POST", headers(version, "tools/list"), body).json["result"]["tools"]


@pytest.mark.parametrize("path", ["/mcp//", "/MCP", "/sse", "/mcp/tools", "/message"])
def test_other_paths_say_where_it_is(tools: str, path: str) -> None:
    response = call(tools, path, "POST", headers(LEGACY), b"{}")
    assert (response.status, "/mcp" in response.json["detail"]) == (404, True)


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/tools/mcp/"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "PUT", "PATCH"])
def test_other_methods_of_http(tools: str, path: str, method: str) -> None:
    """A stateless revision has no stream of notifications; a GET that asks for none gets none."""
    for given in ({"accept": "*/*"}, {"accept": "text/event-stream", "mcp-protocol-version": MODERN}):
        response = call(tools, path, method, given)
        assert (response.status, response.headers["allow"]) == (405, "OPTIONS, POST")


def test_options_lists_the_methods(tools: str) -> None:
    response = call(tools, "/mcp/", "OPTIONS")
    assert (response.status, response.headers["allow"], response.body) == (204, "OPTIONS, POST", b"")
