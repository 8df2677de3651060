"""The server information of MCP: name, version, and how long clients may cache lists."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, MCPError

from naftiko_runtime._version import __version__
from support.caller import call
from support.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Shipping registry, %s}
capability:
  exposes:
    - type: mcp
      namespace: ships
      port: 9090
      %s
      tools: [{name: one, description: A, outputParameters: [{name: x, type: string, value: y}]}]
"""
MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
SERVER_INFO = "io.modelcontextprotocol/serverInfo"


def ask(url: str, method: str, params: dict[str, Any], *, path: str = "/mcp") -> Any:
    """The result of a bare message."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    modern = {"mcp-protocol-version": MODERN, "mcp-method": method} if "_meta" in params else {}
    headers = {"content-type": "application/json", **modern}
    return call(url, path, "POST", headers, json.dumps(message).encode()).json["result"]


@pytest.fixture(params=["1", "0"], ids=["direct", "sdk"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"NAFTIKO_MCP_FAST_PATH": request.param}


@pytest.mark.parametrize(
    ("version", "expected_version"), [("version: '2.3'", "2.3"), ("version: 4", "4"), ("tags: []", "1.0.0")]
)
async def test_a_server_is_the_capability(
    tmp_path: Path, environment: dict[str, str], version: str, expected_version: str
) -> None:
    file = tmp_path / "ships.yaml"
    file.write_text(DOCUMENT % (version, "description: Ships of all flags"))
    expected = {"name": "ships", "title": "Shipping registry", "version": expected_version}
    with Gateway(file, ["ships"], environment=environment) as gateway:
        url = gateway.urls["ships"]
        assert ask(url, "initialize", CLIENT)["serverInfo"] == expected
        for method in ("server/discover", "tools/list"):
            assert ask(url, method, {"_meta": META})["_meta"][SERVER_INFO] == expected
        for mode in ("auto", "legacy"):
            async with Client(url, mode=mode) as client:
                assert client.server_info is not None
                assert client.server_info.model_dump(exclude_none=True, by_alias=True) == expected


@pytest.mark.parametrize(
    ("keys", "ttl_ms", "scope"),
    [
        ("ttlMs: 60000\n      cacheScope: public", 60000, "public"),
        ("ttlMs: 0", 0, "public"),
        ("cacheScope: private", 300_000, "private"),
        ("description: Neither", 300_000, "public"),
    ],
)
def test_clients_learn_how_long_to_cache_lists(
    tmp_path: Path, environment: dict[str, str], keys: str, ttl_ms: int, scope: str
) -> None:
    file = tmp_path / "ships.yaml"
    file.write_text(DOCUMENT % ("tags: []", keys))
    with Gateway(file, ["ships"], environment=environment) as gateway:
        url = gateway.urls["ships"]
        for method in ("server/discover", "tools/list"):
            result = ask(url, method, {"_meta": META})
            assert (result["ttlMs"], result["cacheScope"]) == (ttl_ms, scope)
        legacy = ask(url, "tools/list", {})
        assert legacy.keys() == {"tools"}


def test_a_union_of_servers_promises_what_all_of_them_do(tmp_path: Path, environment: dict[str, str]) -> None:
    port = free_port()
    for name, keys in (("a", "ttlMs: 100\n      cacheScope: public"), ("b", "cacheScope: private")):
        text = DOCUMENT % (f"version: {name}", keys)
        text = text.replace("ships", name).replace("name: one", f"name: {name}").replace("9090", str(port))
        (tmp_path / f"{name}.yaml").write_text(text)
    with Gateway(tmp_path, [], environment=environment) as gateway:
        url = gateway.urls["a"]
        paths = {
            "/a/mcp": (100, "public", "a", "a"),
            "/b/mcp": (300_000, "private", "b", "b"),
            "/mcp": (100, "private", "naftiko-runtime", __version__),
        }
        for path, expected in paths.items():
            result = ask(url, "tools/list", {"_meta": META}, path=path)
            info = result["_meta"][SERVER_INFO]
            assert (result["ttlMs"], result["cacheScope"], info["name"], info["version"]) == expected
            assert ask(url, "initialize", CLIENT, path=path)["serverInfo"] == info


@pytest.mark.parametrize("count", [500, 501, 1203])
async def test_a_long_list_has_pages(tmp_path: Path, environment: dict[str, str], count: int) -> None:
    names = [f"t{number}" for number in range(count)]
    tools = ", ".join(f"{{name: {name}, outputParameters: [{{type: string, value: y}}]}}" for name in names)
    (tmp_path / "long.yaml").write_text(DOCUMENT.partition("      tools:")[0] % ("", "") + f"      tools: [{tools}]\n")
    with Gateway(tmp_path / "long.yaml", ["ships"], environment=environment) as gateway:
        for mode in ("auto", "legacy"):
            async with Client(gateway.urls["ships"], mode=mode) as client:
                found, cursor, pages = [], None, 0
                while pages == 0 or cursor is not None:
                    page = await client.list_tools(cursor=cursor)
                    found += [tool.name for tool in page.tools]
                    cursor, pages = page.next_cursor, pages + 1
                assert (found, pages) == (names, (count + 499) // 500)
                with pytest.raises(MCPError, match="list again from the start") as caught:
                    await client.list_tools(cursor="nothing")
                assert caught.value.code == -32602


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
