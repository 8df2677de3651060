"""The peers over MCP written by hand with the SDK: its high-level `MCPServer`, and its low-level `Server`.

Both are stateless, answer in JSON instead of event streams, and have one aiohttp client (the one this runtime
has too) with a pool larger than the load. The low-level one is given what makes it fast: the input schema of a
tool without listing all tools, and results that are built, not validated.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import mcp_types as types
import orjson
from bench.peers.serving import options, serve
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from yarl import URL

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "fields": {"type": "string"}},
    "required": ["id"],
    "additionalProperties": False,
}
ABOUT = "Gets a thing by its number."


class Upstream:
    """The consumed API, with one client for the life of the process."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def open(self, _server: object) -> AsyncIterator[None]:
        """The client, as long as the server runs."""
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=60)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            self._session = session
            yield

    async def thing(self, number: str, fields: str | None) -> bytes:
        """One thing, as it came."""
        query = "" if fields is None else f"?fields={quote(fields)}"
        url = URL(f"{self._base}/things/{quote(number, safe='')}{query}", encoded=True)
        async with self._session.get(url, allow_redirects=False) as answer:
            answer.raise_for_status()
            return await answer.read()


def high_level(upstream: Upstream) -> Any:
    server = MCPServer("bench", log_level="WARNING")

    @server.tool(description=ABOUT)
    async def get_thing(id: str, fields: str | None = None) -> dict[str, Any]:  # noqa: A002 (the tool's argument)
        value: dict[str, Any] = orjson.loads(await upstream.thing(id, fields))
        return value

    return server


def low_level(upstream: Upstream) -> Any:
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
    parser = options(__doc__)
    parser.add_argument("--level", choices=("high", "low"), required=True)
    given = parser.parse_args()
    upstream = Upstream(given.upstream)
    serve(make_app(upstream, (high_level if given.level == "high" else low_level)(upstream)), given.port)


if __name__ == "__main__":
    main()
