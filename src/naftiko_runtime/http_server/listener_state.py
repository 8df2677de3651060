"""What all connections of a listener share."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from naftiko_runtime.asgi import Header
    from naftiko_runtime.http_server.app_config import AppConfig
    from naftiko_runtime.http_server.connection import Connection


class DefaultHeaders:
    """Header lines that every answer of a listener carries, as they go out, and whether they end its connection."""

    __slots__ = ("closes", "count", "lines")

    def __init__(self, headers: Sequence[Header]) -> None:
        self.closes = any(name == b"connection" for name, _ in headers)
        self.count = len(headers)
        self.lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])


class ListenerState:
    """What a listener serves, its connections, the requests in progress, and the headers of all its answers."""

    __slots__ = ("config", "connections", "context", "default_headers", "headers", "refused", "tasks")

    def __init__(self, config: AppConfig, refused: Callable[[str], None]) -> None:
        self.config = config
        self.refused = refused
        """Told why a request does not get as far as the application."""
        self.context = copy_context()
        """Where every request begins."""
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.set_headers(())

    def set_headers(self, headers: Sequence[Header]) -> None:
        """Let these be the headers from now on."""
        self.headers = headers
        self.default_headers = DefaultHeaders(headers)
