"""Server cards and the catalog, as clients that look for servers read them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from support.caller import call
from support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = "/.well-known/ai-catalog.json"
DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {label: Orders of the shop, version: 1.4.0}
binds:
  - namespace: env
    keys: {PASSWORD: G_PASSWORD}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example.com
      resources:
        - path: /x
          operations: [{method: GET, name: get}]
  exposes:
    - type: mcp
      namespace: orders
      port: 9090
      description: Looks up orders.
      tools: [{name: get, description: Get it, call: api.get}]
    - type: mcp
      namespace: guarded
      port: 9091
      authentication: {type: basic, username: ann, password: "{{PASSWORD}}"}
      tools: [{name: get, description: Get it, call: api.get}]
"""
NAMES = ("orders", "guarded")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


def serve(file: Path, *options: str) -> Gateway:
    return Gateway(file, NAMES, *options, environment={"G_PASSWORD": "p"})


def test_a_server_with_a_public_url(file: Path) -> None:
    with serve(file, "--public-url", "https://shop.example.com/ai") as gateway:
        response = call(gateway.urls["orders"], "/mcp/server-card")
        assert (response.status, response.headers["content-type"]) == (200, "application/mcp-server-card+json")
        assert response.json == {
            "$schema": "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json",
            "name": "com.example.shop/orders",
            "version": "1.4.0",
            "title": "Orders of the shop",
            "description": "Looks up orders.",
            "remotes": [
                {
                    "type": "streamable-http",
                    "url": "https://shop.example.com/ai/mcp",
                    "supportedProtocolVersions": [
                        "2026-07-28",
                        "2025-11-25",
                        "2025-06-18",
                        "2025-03-26",
                        "2024-11-05",
                    ],
                }
            ],
        }
        for alias in ("/server-card", "/orders/mcp/server-card"):
            assert call(gateway.urls["orders"], alias).body == response.body
        catalog = call(gateway.urls["orders"], CATALOG)
        assert catalog.headers["content-type"] == "application/ai-catalog+json"
        assert catalog.json == {
            "specVersion": "1.0",
            "entries": [
                {
                    "identifier": "urn:air:shop.example.com:mcp:orders",
                    "type": "application/mcp-server-card+json",
                    "url": "https://shop.example.com/ai/mcp/server-card",
                }
            ],
        }


def test_a_server_without_a_public_url_never_repeats_what_callers_say(file: Path) -> None:
    with serve(file, "--allowed-host", "evil.example") as gateway:
        headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
        catalog = call(gateway.urls["orders"], CATALOG, headers=headers)
        assert b"evil" not in catalog.body
        (entry,) = catalog.json["entries"]
        assert entry["data"] == call(gateway.urls["orders"], "/mcp/server-card").json
        assert entry["data"]["name"] == "localhost/orders"
        assert "remotes" not in entry["data"]


@pytest.mark.parametrize("path", ["/mcp/server-card", CATALOG])
def test_any_page_and_any_cache_may_have_it(file: Path, path: str) -> None:
    with serve(file) as gateway:
        for name in NAMES:  # no authentication either
            response = call(gateway.urls[name], path, headers={"origin": "https://any.example"})
            assert response.status == 200
            assert response.headers["access-control-allow-origin"] == "*"
            assert response.headers["access-control-expose-headers"] == "ETag"
            assert response.headers["cache-control"] == "public, max-age=3600"
            tag = response.headers["etag"]
            assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
            for known in (tag, f'"x", W/{tag}', "*"):
                again = call(gateway.urls[name], path, headers={"if-none-match": known})
                assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
            assert call(gateway.urls[name], path, headers={"if-none-match": '"x"'}).status == 200
            head = call(gateway.urls[name], path, "HEAD")
            assert (head.status, head.body) == (200, b"")
            asked = {"origin": "https://any.example", "access-control-request-method": "GET"}
            preflight = call(gateway.urls[name], path, "OPTIONS", asked)
            assert preflight.status == 204
            assert preflight.headers["access-control-allow-headers"] == "Content-Type, If-None-Match"
            assert call(gateway.urls[name], path, "POST", {}, b"{}").status == 405
            assert call(gateway.urls[name], path, headers={"host": "evil.example"}).status == 403


def test_both_can_be_off(file: Path) -> None:
    with serve(file, "--no-discovery") as gateway:
        for path in ("/mcp/server-card", CATALOG):
            assert call(gateway.urls["orders"], path).status == 404


def test_the_card_agrees_with_the_server(file: Path) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}},
    }
    with serve(file) as gateway:
        url = gateway.urls["orders"]
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        info = call(url, "/mcp", "POST", headers, json.dumps(body).encode()).json["result"]["serverInfo"]
        card = call(url, "/mcp/server-card").json
        assert (card["name"].partition("/")[2], card["title"], card["version"]) == (
            info["name"],
            info["title"],
            info["version"],
        )
