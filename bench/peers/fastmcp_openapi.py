"""The peer over MCP that needs as little code as a capability file: FastMCP's server of an OpenAPI document.

It has FastMCP's fastest settings: stateless, JSON responses instead of event streams, no checks of results, Host and
Origin. It has one httpx2 client, the only kind that it accepts, with a pool larger than the load.
"""

import json
from pathlib import Path

import httpx2
from bench.peers.serving import make_parser, serve
from fastmcp import FastMCP


def main() -> None:
    parser = make_parser(__doc__)
    parser.add_argument("--openapi", type=Path, required=True, help="the document, as JSON")
    given = parser.parse_args()
    limits = httpx2.Limits(max_connections=256, max_keepalive_connections=256, keepalive_expiry=60)
    client = httpx2.AsyncClient(base_url=given.upstream, limits=limits, timeout=30, trust_env=False)
    document = json.loads(given.openapi.read_bytes())
    server = FastMCP.from_openapi(document, client, name="bench", validate_output=False)
    serve(server.http_app(json_response=True, stateless_http=True, host_origin_protection=False), given.port)


if __name__ == "__main__":
    main()
