"""What all connections of a listener share."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, NamedTuple

from naftiko_runtime import limits

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from naftiko_runtime.adapters.edge import App
    from naftiko_runtime.http_server.connection import GatewayProtocol
    from naftiko_runtime.telemetry.server import PortInstrumentation
    from naftiko_runtime.transport.base import Header


class Standing:
    """Header lines that every answer of a listener carries, as they go out, and whether they end its connection."""

    __slots__ = ("closes", "count", "lines")

    def __init__(self, headers: Sequence[Header]) -> None:
        self.closes = any(name == b"connection" for name, _ in headers)
        self.count = len(headers)
        self.lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])


class Service(NamedTuple):
    """What answers on a port, who observes it, and how long a caller that has ended its side may wait for an answer."""

    app: App
    observer: PortInstrumentation | None = None
    half_closed_seconds: float = limits.HALF_CLOSED_SECONDS


class ListenerState:
    """What a listener serves, its connections, the requests in progress, and the headers of all its answers."""

    __slots__ = ("connections", "context", "headers", "refused", "service", "standing", "tasks")

    def __init__(self, service: Service, refused: Callable[[str], None]) -> None:
        self.service = service
        self.refused = refused
        """Told why a request does not get as far as the application."""
        self.context = copy_context()
        """Where every request begins."""
        self.connections: set[GatewayProtocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.tell(())

    def tell(self, headers: Sequence[Header]) -> None:
        """Let these be the headers from now on."""
        self.headers = headers
        self.standing = Standing(headers)
