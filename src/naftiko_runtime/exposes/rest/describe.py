"""Describes a REST server in the log line or table at startup."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

from naftiko_runtime.exposes.describe_target import describe_target
from naftiko_runtime.plan import Argument

if TYPE_CHECKING:
    from naftiko_runtime.plan import RestServer, Route


def get_url_path(_server: RestServer, *, shared: bool) -> str:  # noqa: ARG001 - others have one
    """Return an empty path: the server has the whole port."""
    return ""


def find_routes(server: RestServer) -> RestServer:
    """Return the routes of a server: itself."""
    return server


def list_entries(server: RestServer) -> list[tuple[str, str]]:
    """Return the routes and forwards of a server, each with its target."""
    routes = [(f"{r.method} {r.path}", describe_target(r.operation)) for r in server.routes]
    return routes + [(f"* {f.path}", f"all of {f.namespace}") for f in server.forwards]


def make_example_command(server: RestServer, url: str) -> str | None:
    """Return a command that calls the route with the fewest inputs. None if there is no route."""
    if not server.routes:
        return None
    route = min(server.routes, key=_rate_effort)
    path = "".join(p if isinstance(p, str) else quote(p.name) for p in route.pattern)
    placed = {p.name for p in route.pattern if isinstance(p, Argument)}
    required = [
        s.name
        for s in route.operation.contract.inputs
        if s.required and s.name not in placed and s.place in ("query", "path")
    ]
    query = "&".join(f"{quote(name)}=1" for name in required)
    method = "" if route.method == "GET" else f" -X {route.method}"
    body = " --json '{}'" if route.operation.execution.open_body is not None else ""
    return f"curl -i{method}{body} {shlex.quote(url + path + (f'?{query}' if query else ''))} --output -"


def _rate_effort(route: Route) -> tuple[bool, int]:
    return route.method != "GET", sum(input_.required for input_ in route.operation.contract.inputs)
