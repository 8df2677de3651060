"""A real HTTP proxy: forwards requests with a whole URL, and opens tunnels. It records the request lines."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support.rawserver import ReceivedRequest, listen, read_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

TUNNEL_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(slots=True)
class ProxyServer:
    """Forwards to any port of this machine.

    Attributes:
        user: ``user:password`` to ask for; empty for everybody.
        opens: What it responses to CONNECT. A tunnel is open when that is a 200.
        requests: What it was asked: CONNECT, and requests that it forwarded.
    """

    user: str = ""
    opens: bytes = TUNNEL_OPEN
    scheme: str = "http"
    port: int = 0
    connections: int = 0
    requests: list[ReceivedRequest] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[bytes]:
        return [request.line for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self.tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        back: asyncio.Task[None] | None = None
        try:
            while True:
                request = await read_request(reader, self.connections)
                self.requests.append(request)
                if self.user and request.header(b"proxy-authorization") != b"Basic " + b64encode(self.user.encode()):
                    writer.write(
                        b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n"
                        b"content-length: 0\r\n\r\n"
                    )
                    continue
                if request.line.startswith(b"CONNECT "):
                    await self._tunnel(request, reader, writer)
                    return
                url = urlsplit(request.target.decode())
                if upstream is None:  # one client connection carries requests to one origin
                    upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", url.port)
                    back = asyncio.create_task(_copy(upstream_reader, writer))
                upstream.write(_without_proxy(request, url.path + (f"?{url.query}" if url.query else "")))
        finally:
            if back is not None:
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
            if upstream is not None:
                upstream.close()

    async def _tunnel(
        self, request: ReceivedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(self.opens)
        await writer.drain()
        if b" 200 " not in self.opens or not self.opens.count(b"\r\n\r\n"):
            return
        port = int(request.target.rpartition(b":")[2])
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(upstream_reader, writer))
                group.create_task(_copy(reader, upstream))
        finally:
            upstream.close()


def _without_proxy(request: ReceivedRequest, target: str) -> bytes:
    method, _, version = request.line.split(b" ")
    kept = [pair for pair in request.headers if pair[0].lower() != b"proxy-authorization"]
    lines = [b" ".join((method, target.encode(), version)), *(b"%b: %b" % pair for pair in kept)]
    return b"\r\n".join([*lines, b"", request.body])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until their end, and then close."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def serve_proxy(
    user: str = "", opens: bytes = TUNNEL_OPEN, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ProxyServer]:
    """A proxy for the time of the block, on a free port."""
    proxy = ProxyServer(user, opens, scheme="https" if tls else "http")
    async with listen(proxy, tls):
        yield proxy
