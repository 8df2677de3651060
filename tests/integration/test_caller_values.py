"""Raw requests, with both clients: repeated header lines, compressed bodies, and no body."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import RawConnection, call
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {label: Values}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: http://127.0.0.1:1/api
      resources:
        - path: /multi
          inputParameters: [{name: X-Multi, in: header}, {name: X-List, in: header}]
          operations: [{name: multi}]
        - path: /fields
          inputParameters: [{name: a, in: body}, {name: b, in: body}]
          operations: [{name: fields, method: POST}]
        - {path: /open, operations: [{name: open, method: POST}]}
        - {path: /quotes, operations: [{name: quote, inputParameters: [{name: amount, in: query}]}]}
        - path: /parts
          operations: [{name: parts, method: POST, body: {type: multipartForm, data: [{name: a, value: "{{a}}"}]}}]
  exposes:
    - type: rest
      namespace: web
      port: 1
      resources:
        - path: /multi
          operations:
            - method: GET
              call: api.multi
              inputParameters: [{name: X-Multi, in: header}, {name: X-List, in: header, type: array}]
        - path: /fields
          operations:
            - {method: POST, call: api.fields, inputParameters: [{name: a, in: body}, {name: b, in: body}]}
        - {path: /open, operations: [{method: POST, call: api.open}]}
        - path: /quotes
          operations: [{method: GET, call: api.quote, inputParameters: [{name: amount, in: query, type: number}]}]
        - path: /parts
          operations: [{method: POST, call: api.parts, inputParameters: [{name: a, in: body}]}]
        - {path: "/raw/{path}", forward: {targetNamespace: api, trustedHeaders: [X-Multi]}}
    - type: mcp
      namespace: tools
      port: 1
      tools:
        - {name: open, description: Opens, call: api.open}
        - {name: quote, description: Quotes, call: api.quote, inputParameters: [{name: amount, type: number}]}
        - {name: parts, description: Parts, call: api.parts, inputParameters: [{name: a, required: false}]}
"""
CODED = gzip.compress(b'{"a": 1}', mtime=0)


@pytest.fixture(scope="module", params=["native", "httpx2"])
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_upstream: Upstream
) -> Iterator[Gateway]:
    file: Path = tmp_path_factory.mktemp("values") / "values.yml"
    file.write_text(DOCUMENT)
    options = ("--base-uri", f"api={module_upstream.url}/api", "--http-client", request.param)
    with Gateway(file, ["web", "tools"], *options) as running:
        yield running


def sent(upstream: Upstream) -> Any:
    assert len(upstream.received) == 1
    return upstream.received[0]


@pytest.fixture(autouse=True)
def forgetful(module_upstream: Upstream) -> None:
    module_upstream.reset()
    module_upstream.received.clear()


def call_tool(
    gateway: Gateway,
    name: str,
    arguments: dict[str, Any],
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    given = {"content-type": "application/json", "accept": "application/json, text/event-stream", **(headers or {})}
    url = gateway.urls["tools"].removesuffix("/mcp")
    return call(url, "/mcp", "POST", given, json.dumps(message).encode() if body is None else body)


def raw_get(gateway: Gateway, target: str, *lines: str) -> None:
    with RawConnection(gateway.urls["web"]) as caller:
        head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", ""])
        caller.send(head.encode())
        assert caller.read_rest().startswith(b"HTTP/1.1 200")


def test_lines_of_one_declared_header_are_joined(gateway: Gateway, module_upstream: Upstream) -> None:
    raw_get(gateway, "/multi", "X-Multi: one", "x-multi: two", "X-List: a,b", 'X-List: "c,d"')
    request = sent(module_upstream)
    assert request.header("x-multi") == "one, two"
    assert request.header("x-list") == 'a,b,"c,d"'


def test_lines_of_a_trusted_header_go_along_as_they_came(gateway: Gateway, module_upstream: Upstream) -> None:
    raw_get(gateway, "/raw/x", "X-Multi: one", "X-Multi: two")
    assert [value for name, value in sent(module_upstream).headers if name == "x-multi"] == ["one", "two"]


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "x-unknown", "identity, gzip", "GZIP"])
def test_a_compressed_body_that_has_to_be_read_is_refused(
    gateway: Gateway, module_upstream: Upstream, coding: str
) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    response = call(gateway.urls["web"], "/fields", "POST", headers, CODED)
    assert (response.status, response.headers["accept-encoding"]) == (415, "identity")
    assert response.json["type"] == "urn:naftiko:problem:unsupported-content-encoding"
    assert call_tool(gateway, "open", {}, headers, CODED).status == 415
    assert module_upstream.received == []


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_without_a_coding_is_read(gateway: Gateway, module_upstream: Upstream, coding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    assert call(gateway.urls["web"], "/fields", "POST", headers, b'{"a": 1}').status == 200
    assert json.loads(sent(module_upstream).body) == {"a": 1}
    assert call_tool(gateway, "open", {"a": 1}, headers).status == 200


@pytest.mark.parametrize("target", ["/open", "/raw/x"])
def test_a_compressed_body_passes_through_if_it_is_not_read(
    gateway: Gateway, module_upstream: Upstream, target: str
) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert call(gateway.urls["web"], target, "POST", headers, CODED).status == 200
    request = sent(module_upstream)
    assert (request.body, request.header("content-encoding")) == (CODED, "gzip")


@pytest.mark.parametrize("name", ["open", "parts"])
def test_no_fields_are_no_body(gateway: Gateway, module_upstream: Upstream, name: str) -> None:
    assert call_tool(gateway, name, {}).status == 200
    assert call(gateway.urls["web"], f"/{name}", "POST").status == 200
    assert [(r.body, r.header("content-type"), r.header("content-length")) for r in module_upstream.received] == [
        (b"", None, "0")
    ] * 2


@pytest.mark.parametrize("amount", ["19.90", "12345678901234567.89", "0.1000000000000000055", "123456789012345678901"])
def test_decimals_keep_the_digits_that_a_caller_writes(
    gateway: Gateway, module_upstream: Upstream, amount: str
) -> None:
    assert call(gateway.urls["web"], f"/quotes?amount={amount}").status == 200
    for name in ("quote", "open"):
        message = (
            '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "%s", "arguments": {"amount": %s}}}'
        )
        assert call_tool(gateway, name, {}, body=(message % (name, amount)).encode()).status == 200
    web, tool, opened = module_upstream.received
    assert web.target == tool.target == f"/api/quotes?amount={amount}"
    assert amount.encode() in opened.body
