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
    from collections.abc import Iterator
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
VERSIONS = {"text": ("version: '2.3'", "2.3"), "number": ("version: 4", "4"), "none": ("tags: []", "1.0.0")}
CACHES = {
    "both": ("ttlMs: 60000\n      cacheScope: public", 60000, "public"),
    "never": ("ttlMs: 0", 0, "public"),
    "private": ("cacheScope: private", 300_000, "private"),
    "neither": ("description: Neither", 300_000, "public"),
}
COUNTS = (500, 501, 1203)
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


@pytest.fixture(scope="module", params=["1", "0"], ids=["direct", "sdk"])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return {"NAFTIKO_MCP_FAST_PATH": request.param}


@pytest.fixture(scope="module")
def urls(
    tmp_path_factory: pytest.TempPathFactory,
    server: str,  # noqa: ARG001 - the process is started by each server
    environment: dict[str, str],
) -> Iterator[dict[str, str]]:
    """Where one process serves the documents of most tests, by their names."""
    documents = {
        name: DOCUMENT % (version, "description: Ships of all flags") for name, (version, _) in VERSIONS.items()
    }
    documents |= {name: DOCUMENT % ("tags: []", keys) for name, (keys, *_) in CACHES.items()}
    documents |= {f"long-{count}": list_tools(count) for count in COUNTS}
    folder = tmp_path_factory.mktemp("introductions")
    for name, text in documents.items():
        (folder / f"{name}.yaml").write_text(text.replace("namespace: ships", f"namespace: {name}"))
    with Gateway(folder, list(documents), environment=environment) as gateway:
        yield gateway.urls


def list_names(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def list_tools(count: int) -> str:
    """A document with many tools."""
    tools = ", ".join(f"{{name: {name}, outputParameters: [{{type: string, value: y}}]}}" for name in list_names(count))
    return DOCUMENT.partition("      tools:")[0] % ("tags: []", "") + f"      tools: [{tools}]\n"


@pytest.mark.parametrize("name", VERSIONS)
async def test_a_server_is_the_capability(urls: dict[str, str], name: str) -> None:
    url, expected_version = urls[name], VERSIONS[name][1]
    expected = {"name": name, "title": "Shipping registry", "version": expected_version}
    assert ask(url, "initialize", CLIENT)["serverInfo"] == expected
    for method in ("server/discover", "tools/list"):
        assert ask(url, method, {"_meta": META})["_meta"][SERVER_INFO] == expected
    for mode in ("auto", "legacy"):
        async with Client(url, mode=mode) as client:
            assert client.server_info is not None
            assert client.server_info.model_dump(exclude_none=True, by_alias=True) == expected


@pytest.mark.parametrize("name", CACHES)
def test_clients_learn_how_long_to_cache_lists(urls: dict[str, str], name: str) -> None:
    _, ttl_ms, scope = CACHES[name]
    for method in ("server/discover", "tools/list"):
        result = ask(urls[name], method, {"_meta": META})
        assert (result["ttlMs"], result["cacheScope"]) == (ttl_ms, scope)
    legacy = ask(urls[name], "tools/list", {})
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


@pytest.mark.parametrize("count", COUNTS)
async def test_a_long_list_has_pages(urls: dict[str, str], count: int) -> None:
    for mode in ("auto", "legacy"):
        async with Client(urls[f"long-{count}"], mode=mode) as client:
            found, cursor, pages = [], None, 0
            while pages == 0 or cursor is not None:
                page = await client.list_tools(cursor=cursor)
                found += [tool.name for tool in page.tools]
                cursor, pages = page.next_cursor, pages + 1
            assert (found, pages) == (list_names(count), (count + 499) // 500)
            with pytest.raises(MCPError, match="list again from the start") as caught:
                await client.list_tools(cursor="nothing")
            assert caught.value.code == -32602


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
