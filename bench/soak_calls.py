"""The mixed calls of `make soak`, and callers that sometimes leave without reading, or in the middle of a request."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
SHIP = b'{"name":"Aurora","log":"%s"}' % (b"x" * 900)
LEAVING = 0.03
"""The share of calls whose caller leaves."""
RESPONSE_SECONDS = 120.0
_META = "io.modelcontextprotocol/"
_REVISIONS = ("2026-07-28", "2025-11-25")
_METHODS: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("tool", "tools/call", {"name": "get-ship", "arguments": {"imo": 7}}),
    ("workflow", "tools/call", {"name": "get-two", "arguments": {"imo": 7}}),
    ("tool that streams", "tools/call", {"name": "get-two", "arguments": {"imo": 7}, "_meta": {"progressToken": 1}}),
    ("resource", "resources/read", {"uri": "docs://page"}),
    ("resource of an API", "resources/read", {"uri": "ships://7"}),
    ("prompt", "prompts/get", {"name": "inspect", "arguments": {"imo": "7"}}),
    ("tools", "tools/list", {}),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, the port of its server, and bytes that only the right response has."""

    name: str
    port: int
    request: bytes
    right: bytes


def _make_message(port: int, name: str, revision: str, method: str, params: dict[str, Any]) -> Call:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    headers["MCP-Protocol-Version"] = revision
    if revision == _REVISIONS[0]:
        headers["Mcp-Method"] = method
        meta = {f"{_META}protocolVersion": revision, f"{_META}clientCapabilities": {}}
        params = params | {"_meta": params.get("_meta", {}) | meta}
        if target := params.get("name", params.get("uri")):
            headers["Mcp-Name"] = target
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    right = b'"result":'
    return Call(f"{name}, {revision}", port, _make_request("POST /mcp", headers, body), right)


def _make_request(line: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "\r\n"]).encode() + body


def list_calls(web: int, tools: int) -> list[Call]:
    """Return each kind of call, for the ports of the REST routes and of the tools."""
    routes = [
        Call("REST, mapped", web, _make_request("GET /ships/7", {}), b'"name":"Aurora"'),
        Call("REST, passed through", web, _make_request("GET /open/7", {}), b'"name":"Aurora"'),
    ]
    messages = [
        _make_message(tools, name, revision, method, params)
        for revision in _REVISIONS
        for name, method, params in _METHODS
    ]
    return routes + messages


class WrongResponseError(Exception):
    """The server responded wrongly."""


@dataclass(slots=True)
class Tally:
    """What callers did so far."""

    left: int
    done: Counter[str] = field(default_factory=Counter)
    gone: int = 0


class Upstream:
    """An API that responds with one ship, over connections that stay open."""

    def __init__(self) -> None:
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

    async def start(self) -> int:
        """Return its port."""
        self.server = await asyncio.start_server(self._serve, HOST, 0)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(SHIP)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(head + SHIP)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()

    def close_connections(self) -> None:
        """Close those that are open."""
        for writer in self.writers:
            writer.close()


async def call_at_random(calls: Sequence[Call], tally: Tally, seed: int) -> None:
    """Make calls until none is left, over one connection to each port, until the caller leaves it."""
    chosen = random.Random(seed)  # noqa: S311 - not a secret
    connections: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
    while tally.left > 0:
        tally.left -= 1
        call = chosen.choice(calls)
        if call.port not in connections:
            connections[call.port] = await asyncio.open_connection(HOST, call.port)
        reader, writer = connections[call.port]
        if chosen.random() < LEAVING:
            await _leave(call, writer, chosen)
            del connections[call.port]
            tally.gone += 1
        else:
            writer.write(call.request)
            async with asyncio.timeout(RESPONSE_SECONDS):
                await _read_response(call, reader)
            tally.done[call.name] += 1
    for _, writer in connections.values():
        writer.close()


async def _leave(call: Call, writer: asyncio.StreamWriter, chosen: random.Random) -> None:
    """Send some or all of a request, wait a little or not, and break the connection off."""
    writer.write(call.request[: chosen.choice((len(call.request) // 3, len(call.request) - 1, len(call.request)))])
    await asyncio.sleep(chosen.choice((0, 0, 0.0005, 0.002)))
    if chosen.random() < 0.5:  # noqa: PLR2004 - half of them
        writer.transport.abort()
    else:
        writer.close()


async def _read_response(call: Call, reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size + 2)
        await reader.readline()
    else:
        body = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    if not head.startswith(b"http/1.1 200") or call.right not in body:
        raise WrongResponseError(f"{call.name}: {head!r} {body[:300]!r}")
