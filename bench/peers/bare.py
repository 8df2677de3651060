"""The reference of the instruction counts: the minimum that does the same with uvicorn and aiohttp.

A bare ASGI application in uvicorn, and a bare aiohttp client. It checks nothing, limits nothing and forwards no
headers, so nobody should deploy it. It shows what Python, uvicorn and aiohttp cost on a machine.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import uvicorn
import uvloop
from yarl import URL

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bare:
    """The pixel passed through, six fields of a ship, the same of three responses, and as the result of an MCP tool."""

    session: aiohttp.ClientSession
    upstream: str

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request; a request for neither a ship nor a tool gets the pixel."""
        path: str = scope["path"]
        if path == "/mcp":
            call = orjson.loads((await receive())["body"])
            ship = await self.ship(call["params"]["arguments"]["imo"])
            content = [{"type": "text", "text": orjson.dumps(ship).decode()}]
            result = {"content": content, "structuredContent": ship, "isError": False}
            body, content_type = (
                orjson.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}),
                "application/json",
            )
        elif path.startswith("/three-steps/"):
            body, content_type = orjson.dumps(await self.join_ships(path.rpartition("/")[2])), "application/json"
        elif path.startswith(("/ships/", "/one-step/")):
            body, content_type = orjson.dumps(await self.ship(path.rpartition("/")[2])), "application/json"
        else:
            body, content_type = await self.get(f"/pixel/track?{scope['query_string'].decode()}")
        headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def get(self, target: str) -> tuple[bytes, str]:
        """Return the body of the upstream and its content type."""
        async with self.session.get(URL(self.upstream + target, encoded=True)) as response:
            return await response.read(), response.headers["content-type"]

    async def ship(self, imo: str) -> dict[str, Any]:
        """Return six fields of the upstream's response."""
        ship = orjson.loads((await self.get(f"/ships/{imo}"))[0])
        return {
            "imo": ship["imo"],
            "name": ship["name"],
            "flag": ship["registry"]["flag"],
            "tonnage": ship["tonnage"]["gross"],
            "active": ship["active"],
            "crew": [one["name"] for one in ship["crew"]],
        }

    async def join_ships(self, imo: str) -> dict[str, Any]:
        """Return two fields of each of three responses."""
        bodies = await asyncio.gather(*(self.get(f"/ships/{imo}") for _ in range(3)))
        first, second, third = (orjson.loads(body) for body, _ in bodies)
        return {
            "imo": first["imo"],
            "name": first["name"],
            "flag": second["registry"]["flag"],
            "tonnage": second["tonnage"]["gross"],
            "active": third["active"],
            "crew": [one["name"] for one in third["crew"]],
        }


async def serve(port: int, upstream: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        config = uvicorn.Config(
            Bare(session, upstream),
            host="127.0.0.1",
            port=port,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
        )
        await uvicorn.Server(config).serve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="base URL, with /v1")
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, arguments.upstream))


if __name__ == "__main__":
    main()
