"""What serving a file needs: its addresses, listeners, complaints, and parts that are left out."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.plan import RestServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack
    from pathlib import Path

    from mcp import Client

    from naftiko_runtime.asgi_types import App
    from naftiko_runtime.bind_plan import BoundServer
    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.plan import Plan, ServedPart, Server
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
    from wild.author import Exposed


class Rerouted:
    """Sends what is for the host of a bound base URI to the upstream that stands in for it."""

    def __init__(self, inner: Transport, origins: Mapping[tuple[str, str], str]) -> None:
        self._inner = inner
        self._origins = origins

    async def send(self, request: OutboundRequest) -> UpstreamResponse:
        namespace = request.operation.partition(".")[0]
        parts = urlsplit(request.url)
        stand_in = self._origins.get((namespace, f"{parts.scheme}://{parts.netloc}"))
        if stand_in is not None:
            path = request.url[len(f"{parts.scheme}://{parts.netloc}") :]
            request = replace(request, url=stand_in + path)
        return await self._inner.send(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def capability_files(folder: Path) -> list[Path]:
    """Every file that may be one."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml") and path.is_file())


@dataclass
class Listening:
    """A served expose: its plan, where it listens, and for MCP the client and the published schemas."""

    server: Server
    url: str
    client: Client | None = None
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault: str = ""


class Complaints(logging.Handler):
    """Collects what the product logs as its own failures."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.texts.append(f"{record.getMessage()}\n{trace}".strip())

    def take(self) -> str:
        taken, self.texts = "\n".join(self.texts), []
        return taken


def left_out(plan: Plan, exposed: Exposed) -> bool:
    """Whether the product serves a file without this operation."""
    for server in plan.servers:
        if server.namespace != exposed.namespace or isinstance(server, RestServer) != (exposed.kind == "rest"):
            continue
        if isinstance(server, RestServer):
            place = (str(exposed.own.get("method", "GET")).upper(), exposed.resource.get("path"))
            return place in {(route.method, route.path) for route in server.broken}
        return exposed.name in {one.key[1] for one in server.broken}
    return True


async def open_app_of(server: BoundServer[Server, ServedPart], stack: AsyncExitStack) -> App:
    return await stack.enter_async_context(get_kind(server.server).open_app([server], AppServices(CallerPolicy())))


async def stop_listeners(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.stop_accepting()
    for listener in listeners:
        await listener.wait_closed()
