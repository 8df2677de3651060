"""The state that all connections of a listener share."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from naftiko_runtime.asgi_types import Header
    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.server_limits import ServerLimits


class DefaultHeaders:
    """The header lines of every response of a listener, and whether they end its connection."""

    __slots__ = ("closes", "count", "lines")

    def __init__(self, headers: Sequence[Header]) -> None:
        self.closes = any(name == b"connection" for name, _ in headers)
        self.count = len(headers)
        self.lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])


class Metrics(Protocol):
    """Counts what does not reach the application."""

    def set_active(self, connections: int, requests: int) -> None:
        """Record how many connections and requests in progress there are now."""

    def count_rejection(self, code: str) -> None:
        """Count a request, or a connection, that the server rejected by itself."""


class OpenConnection(Protocol):
    """A connection, as its listener uses it."""

    def check_timeouts(self, now: float) -> None:
        """Close the connection when it is idle, or its caller does not read, for too long; called every second or so.

        Args:
            now: Seconds, by the event loop's clock.
        """

    def shutdown(self) -> None:
        """Close the connection after the request in progress."""

    def abort_unsent(self) -> bool:
        """Drop what the caller has not read of a complete response; return whether there was anything."""


class ListenerState:
    """The application of a listener, its connections, its requests in progress, and the headers of all responses."""

    __slots__ = ("config", "connections", "context", "default_headers", "headers", "limits", "metrics", "tasks")

    def __init__(self, config: AppConfig, limits: ServerLimits, metrics: Metrics | None) -> None:
        self.config = config
        self.limits = limits
        self.metrics = metrics
        self.context = copy_context()
        """The context in which every request starts."""
        self.connections: set[OpenConnection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.set_headers(())

    def set_headers(self, headers: Sequence[Header]) -> None:
        """Set the headers of every response from now on."""
        self.headers = headers
        self.default_headers = DefaultHeaders(headers)

    def count_rejection(self, code: str) -> None:
        """Count a request, or a connection, that the server rejects by itself."""
        if self.metrics is not None:
            self.metrics.count_rejection(code)
