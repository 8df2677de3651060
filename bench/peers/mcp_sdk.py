"""The peers over MCP written by hand with the SDK: its high-level `MCPServer`, and its low-level `Server`.

Both are stateless, return JSON instead of event streams, and have one aiohttp client with a pool larger than the load,
or this runtime's own client. The low-level one has what makes it fast: it finds the input schema of a tool without
listing all tools, and builds results without validating them.
"""

import http
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
import mcp_types as types
import orjson
from bench.peers.serving import make_parser, serve
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from yarl import URL

from naftiko_runtime.http_client import ClientOptions, open_client
from naftiko_runtime.upstream import OutboundRequest, Transport

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "fields": {"type": "string"}},
    "required": ["id"],
    "additionalProperties": False,
}
ABOUT = "Gets a thing by its number."


class Upstream(Protocol):
    """The consumed API, with one client for the life of the process."""

    def open(self, server: object, /) -> AbstractAsyncContextManager[None]:
        """Open the client for as long as the server runs."""

    async def thing(self, number: str, fields: str | None) -> bytes:
        """Return the body of one thing, unchanged."""


def make_thing_url(base: str, number: str, fields: str | None) -> str:
    query = "" if fields is None else f"?fields={quote(fields)}"
    return f"{base}/things/{quote(number, safe='')}{query}"


class NativeUpstream:
    """The API, called with this runtime's own client."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._transport: Transport

    @asynccontextmanager
    async def open(self, _server: object) -> AsyncIterator[None]:
        """Open the client for as long as the server runs."""
        self._transport = open_client(ClientOptions())
        yield

    async def thing(self, number: str, fields: str | None) -> bytes:
        """Return the body of one thing, unchanged."""
        url = make_thing_url(self._base, number, fields)
        response = await self._transport.send(OutboundRequest("things.get-thing", "GET", url, []))
        try:
            if response.status != http.HTTPStatus.OK:
                raise ValueError(f"the upstream returned {response.status}")
            body = response.read_whole()
            return body if body is not None else b"".join([chunk async for chunk in response.iter_chunks()])
        finally:
            await response.close()


class AiohttpUpstream:
    """The API, called with aiohttp."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def open(self, _server: object) -> AsyncIterator[None]:
        """Open the client for as long as the server runs."""
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=60)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            self._session = session
            yield

    async def thing(self, number: str, fields: str | None) -> bytes:
        """Return the body of one thing, unchanged."""
        url = URL(make_thing_url(self._base, number, fields), encoded=True)
        async with self._session.get(url, allow_redirects=False) as response:
            response.raise_for_status()
            return await response.read()


def make_high_level_server(upstream: Upstream) -> Any:
    server = MCPServer("bench", log_level="WARNING")

    @server.tool(description=ABOUT)
    async def get_thing(id: str, fields: str | None = None) -> dict[str, Any]:  # noqa: A002 (the tool's argument)
        value: dict[str, Any] = orjson.loads(await upstream.thing(id, fields))
        return value

    return server


def make_low_level_server(upstream: Upstream) -> Any:
    listing = types.ListToolsResult(tools=[types.Tool(name="get_thing", description=ABOUT, input_schema=SCHEMA)])

    async def list_tools(_context: ServerRequestContext[Any], _params: Any) -> types.ListToolsResult:
        return listing

    async def call_tool(
        _context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        arguments = params.arguments or {}
        body = await upstream.thing(arguments["id"], arguments.get("fields"))
        text = types.TextContent.model_construct(type="text", text=body.decode())
        return types.CallToolResult(content=[text], structured_content=orjson.loads(body), is_error=False)

    return Server(
        "bench", on_list_tools=list_tools, on_call_tool=call_tool, get_tool_input_schema={"get_thing": SCHEMA}.get
    )


def make_app(upstream: Upstream, server: Any) -> Starlette:
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app: Starlette = server.streamable_http_app(json_response=True, stateless_http=True, transport_security=unchecked)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: Starlette) -> AsyncIterator[None]:
        async with upstream.open(running), inner(running):
            yield

    app.router.lifespan_context = lifespan
    return app


def main() -> None:
    parser = make_parser(__doc__)
    parser.add_argument("--level", choices=("high", "low"), required=True)
    parser.add_argument("--client", choices=("aiohttp", "native"), default="aiohttp")
    given = parser.parse_args()
    upstream = (NativeUpstream if given.client == "native" else AiohttpUpstream)(given.upstream)
    serve(
        make_app(upstream, (make_high_level_server if given.level == "high" else make_low_level_server)(upstream)),
        given.port,
    )


if __name__ == "__main__":
    main()
