"""The library: a capability in another application, under other servers, and called without a server."""

from __future__ import annotations

import json
import runpy
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import Client
from starlette.applications import Starlette
from starlette.routing import Mount

import naftiko_runtime
from naftiko_runtime import CallError, DocumentError, LibraryError, LoadedCapability, Overrides, Rejected
from support.upstream import Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {TOKEN: SHIPS_TOKEN}}]
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: http://127.0.0.1:9
      authentication: {type: bearer, token: "{{TOKEN}}"}
      resources:
        - path: /ships/{imo}
          operations: [{name: get-ship, method: GET, inputParameters: [{name: imo, in: path}]}]
  exposes:
    - type: rest
      namespace: ships
      port: 8080
      resources:
        - path: /ships/{imo}
          operations:
            - {method: GET, name: read, call: registry.get-ship,
               inputParameters: [{name: imo, in: path, type: integer}],
               outputParameters: [{type: object, properties: {name: {type: string, mapping: $.ship.name}}}]}
    - type: mcp
      namespace: fleet
      port: 9090
      tools:
        - {name: get-ship, description: A ship by its IMO number., call: registry.get-ship,
           inputParameters: [{name: imo, type: integer, description: The IMO number}],
           outputParameters: [{type: object, properties: {name: {type: string, mapping: $.ship.name}}}]}
        - {name: raw-ship, description: A ship as the registry has it., call: registry.get-ship,
           inputParameters: [{name: imo, type: integer, description: The IMO number}]}
"""
APPLICATION = """\
from contextlib import asynccontextmanager
from fastapi import FastAPI
from naftiko_runtime import Overrides, load

capability = load({file!r}, Overrides(base_uris={{"registry": {url!r}}}), environment={{"SHIPS_TOKEN": "s3cr3t"}})
rest, tools = capability.asgi("rest"), capability.asgi("fleet")

@asynccontextmanager
async def opened(app):
    async with rest, tools:
        yield

app = FastAPI(lifespan=opened)
app.mount("/api", rest)
app.mount("/agents", tools)

@app.get("/own")
def own():
    return "own"
"""
SERVERS = {
    "uvicorn": ["uvicorn", "application:app", "--host", "127.0.0.1", "--port"],
    "granian": ["granian", "--interface", "asgi", "application:app", "--host", "127.0.0.1", "--port"],
    "hypercorn": ["hypercorn", "application:app", "--bind"],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ships.yaml"
    path.write_text(DOCUMENT)
    return path


@pytest.fixture
def capability(file: Path, upstream: Upstream) -> LoadedCapability:
    upstream.on("GET", "/ships/7", Reply(200, {"content-type": "application/json"}, b'{"ship": {"name": "Ever"}}'))
    overrides = Overrides(base_uris={"registry": upstream.url})
    return naftiko_runtime.load(file, overrides, environment={"SHIPS_TOKEN": "s3cr3t"})


@contextmanager
def serve(folder: Path, server: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*SERVERS[server], f"127.0.0.1:{port}" if server == "hypercorn" else str(port)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=folder, stdout=output, stderr=output)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(30) is not None
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("server", SERVERS)
async def test_an_application_mounts_it_under_any_server(
    capability: LoadedCapability, upstream: Upstream, tmp_path: Path, server: str
) -> None:
    text = APPLICATION.format(file=str(capability.file), url=upstream.url)
    (tmp_path / "application.py").write_text(text)
    with serve(tmp_path, server) as url:
        found = httpx2.get(f"{url}/api/ships/7")
        assert (found.status_code, found.json()) == (200, {"name": "Ever"})
        assert httpx2.get(f"{url}/api/ships/x").status_code == 400
        assert httpx2.get(f"{url}/own").json() == "own"
        for mode in ("legacy", "2026-07-28"):
            async with Client(f"{url}/agents/mcp", mode=mode) as client:
                result = await client.call_tool("get-ship", {"imo": 7})
                assert result.structured_content == {"name": "Ever"}
    assert ("authorization", "Bearer s3cr3t") in upstream.last.headers


async def test_without_a_lifespan_the_first_request_opens_it(capability: LoadedCapability) -> None:
    app: Any = capability.asgi("ships")
    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://any.example") as caller:
        assert (await caller.get("/ships/7")).json() == {"name": "Ever"}
    unopened: Any = capability.asgi("ships")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(unopened), base_url="http://any.example") as caller:
        assert (await caller.get("/ships/7")).json() == {"name": "Ever"}
    async with unopened:
        pass  # closes it


async def follow_lifespan(app: Any) -> list[str]:
    wanted = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(wanted)}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return sent


async def test_a_server_opens_and_closes_it(capability: LoadedCapability) -> None:
    assert await follow_lifespan(capability.asgi("ships")) == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    broken = naftiko_runtime.load(capability.file, environment={})
    assert await follow_lifespan(broken.asgi("ships")) == ["lifespan.startup.failed"]


async def test_a_mount_is_no_part_of_the_path(capability: LoadedCapability) -> None:
    app: Any = capability.asgi("ships")
    mounted: Any = Starlette(routes=[Mount("/a/b", app)])
    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(mounted), base_url="http://any") as caller:
        assert (await caller.get("/a/b/ships/7")).json() == {"name": "Ever"}
        assert (await caller.get("/a/b")).status_code in {307, 404}


async def test_a_web_socket_is_closed(capability: LoadedCapability) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    app: Any = capability.asgi("ships")
    await app({"type": "websocket", "path": "/"}, None, send)
    assert sent == [{"type": "websocket.close"}]


def test_exposes_on_several_ports_are_named(capability: LoadedCapability) -> None:
    text = capability.file.read_text()
    tools = "tools: [{name: a, description: A., call: registry.get-ship}]"
    capability.file.write_text(f"{text}    - {{type: mcp, namespace: other, port: 9191, {tools}}}\n")
    again = naftiko_runtime.load(capability.file, environment={})
    with pytest.raises(LibraryError, match=r"^'mcp' names exposes on several ports; name one of 'fleet', 'other'$"):
        again.asgi("mcp")


async def test_operations_are_called_without_a_server(capability: LoadedCapability) -> None:
    async with capability.client() as client:
        assert (await client.call("fleet.get-ship", imo=7)).value == {"name": "Ever"}
        assert (await client.call("ships.read", imo=7)).value == {"name": "Ever"}
        raw = await client.call("fleet.raw-ship", imo=7)
        assert (raw.status, raw.media_type, json.loads(raw.value)["ship"]) == (
            200,
            "application/json",
            {"name": "Ever"},
        )
        with pytest.raises(Rejected, match="imo"):
            await client.call("fleet.get-ship", imo="seven")
        with pytest.raises(LibraryError, match=r"^no operation 'fleet.get-shop'; did you mean 'fleet.get-ship'\?$"):
            await client.call("fleet.get-shop", imo=7)


async def test_a_failed_call_is_an_error(file: Path) -> None:
    capability = naftiko_runtime.load(file, environment={"SHIPS_TOKEN": "s3cr3t"})
    async with capability.client() as client:
        with pytest.raises(CallError, match="registry"):
            await client.call("fleet.get-ship", imo=7)


def test_it_says_what_it_exposes(capability: LoadedCapability) -> None:
    assert [(one.namespace, one.kind, one.operations) for one in capability.exposes] == [
        ("ships", "rest", ("ships.read",)),
        ("fleet", "mcp", ("fleet.get-ship", "fleet.raw-ship")),
    ]


def test_it_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(DOCUMENT.replace("call: registry.get-ship", "call: registry.get-shop"))
    capability = naftiko_runtime.load(file)
    assert "unresolved-call" in {one.rule.slug for one in capability.diagnostics}
    for use in (lambda: capability.exposes, lambda: capability.asgi("rest")):
        with pytest.raises(DocumentError, match=r"registry\.get-shop"):
            use()


async def test_a_missing_variable_is_named(file: Path) -> None:
    capability = naftiko_runtime.load(file, environment={})
    with pytest.raises(naftiko_runtime.BindError, match="SHIPS_TOKEN"):
        async with capability.client():
            pass


def test_an_unknown_expose_is_refused(capability: LoadedCapability) -> None:
    with pytest.raises(LibraryError, match=r"^no expose 'shipps'; did you mean 'ships'\?$"):
        capability.asgi("shipps")


async def test_the_example_mounts_a_capability() -> None:
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "fastapi_app.py"))
    app = example["app"]
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://any.example") as caller,
    ):
        refused = await caller.get("/weather/nothing")
        assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
        assert (await caller.get("/agents/mcp")).status_code in {400, 405, 406}


def test_every_public_name_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "library.md").read_text()
    for name in naftiko_runtime.__all__:
        assert f"`{name}" in page, name
        assert getattr(naftiko_runtime, name) is not None
