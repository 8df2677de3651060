"""The peer over REST: the routes as one writes them by hand with FastAPI and one shared client.

It has what makes such a proxy fast: one client for the life of the process with a pool larger than the load, no
environment lookups, no redirects, uvloop and httptools, no access log, orjson in both directions, JSONPaths parsed
once. Bodies are read whole, which costs httpx less than streaming.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from bench.payloads import pick_four_fields, pick_six_fields
from bench.peers.serving import make_parser, serve
from fastapi import FastAPI, HTTPException, Request, Response

SENT_ON = ("user-agent", "referer", "accept-language")
PASSED_BACK = ("content-type", "cache-control", "etag", "last-modified", "expires", "vary")
ITEMS = "$.items[*]"
FIELDS = {"id": "$.id", "name": "$.name", "captain": "$.crew.captain.name", "lat": "$.position.lat"}


def make_app(upstream: str, library: str, mapping: str) -> FastAPI:
    client_library: Any = importlib.import_module(library)
    base = client_library.URL(upstream)
    rows = map_by_hand if mapping == "by-hand" else compile_jsonpath_mapping()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        limits = client_library.Limits(max_connections=256, max_keepalive_connections=256, keepalive_expiry=60)
        async with client_library.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    async def send_request(request: Request, path: str) -> Any:
        query: bytes = request.scope["query_string"]
        url = base.copy_with(raw_path=f"/v1{path}".encode() + (b"?" + query if query else b""))
        try:
            return await request.app.state.client.get(url, headers=pick_outgoing_headers(request))
        except client_library.TimeoutException as error:
            raise HTTPException(504, "the upstream did not respond in time") from error
        except client_library.TransportError as error:
            raise HTTPException(502, "the upstream cannot be reached") from error

    @app.get("/v1/pixel/track")
    async def track(request: Request) -> Response:
        return pass_through(await send_request(request, "/pixel/track"))

    @app.get("/v1/things/{number}")
    async def thing(request: Request, number: str) -> Response:
        return pass_through(await send_request(request, f"/things/{number}"))

    @app.get("/v1/mapped/{number}")
    async def mapped(request: Request, number: str) -> Response:
        response = await send_request(request, f"/things/{number}")
        return (
            pass_through(response)
            if response.is_error
            else respond_json(pick_six_fields(orjson.loads(response.content)))
        )

    @app.get("/v1/joined/{number}")
    async def joined(request: Request, number: str) -> Response:
        responses = await asyncio.gather(*(send_request(request, f"/things/{number}") for _ in range(3)))
        failed = next((response for response in responses if response.is_error), None)
        return (
            pass_through(failed)
            if failed is not None
            else respond_json(join_fields(*(orjson.loads(response.content) for response in responses)))
        )

    @app.get("/v1/listed")
    async def listed(request: Request) -> Response:
        response = await send_request(request, "/things")
        return pass_through(response) if response.is_error else respond_json(rows(orjson.loads(response.content)))

    return app


def pick_outgoing_headers(request: Request) -> dict[str, str]:
    headers = {name: request.headers[name] for name in SENT_ON if name in request.headers}
    headers["x-forwarded-for"] = request.client.host if request.client else "unknown"
    headers["x-forwarded-proto"] = request.url.scheme
    headers["x-forwarded-host"] = request.headers.get("host", "")
    return headers


def pass_through(response: Any) -> Response:
    headers = {name: response.headers[name] for name in PASSED_BACK if name in response.headers}
    return Response(response.content, response.status_code, headers)


def respond_json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def join_fields(first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]) -> dict[str, Any]:
    crew = second["crew"]
    return {
        "id": first["id"],
        "name": first["name"],
        "captain": crew["captain"]["name"],
        "crew": crew["count"],
        "lat": third["position"]["lat"],
        "tags": third["tags"],
    }


def map_by_hand(response: dict[str, Any]) -> list[dict[str, Any]]:
    return [pick_four_fields(item) for item in response["items"]]


def compile_jsonpath_mapping() -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    parse: Any = importlib.import_module("jsonpath_ng").parse
    items, fields = parse(ITEMS), {name: parse(path) for name, path in FIELDS.items()}

    def rows(response: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {name: path.find(item.value)[0].value for name, path in fields.items()} for item in items.find(response)
        ]

    return rows


def main() -> None:
    parser = make_parser(__doc__)
    parser.add_argument("--client", choices=("httpx", "httpx2"), default="httpx")
    parser.add_argument("--mapping", choices=("by-hand", "jsonpath-ng"), default="by-hand")
    given = parser.parse_args()
    serve(make_app(given.upstream, given.client, given.mapping), given.port)


if __name__ == "__main__":
    main()
