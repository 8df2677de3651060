"""A real HTTP/1.1 server that sends exactly the bytes of a test, and records every byte that it receives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

DEADLINE_SECONDS = 10.0
"""Of a whole test: none of them waits for time to pass, so one that gets here hangs."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it came in; ``body`` without the framing of chunks."""

    line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    connection: int

    @property
    def target(self) -> bytes:
        return self.line.split(b" ")[1]

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection, at the moment of one request: for responses that are more than bytes."""

    request: ReceivedRequest
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(OSError):
            while await self.reader.read(65536):
                pass


Response = bytes | Callable[[Peer], Awaitable[None]]


@dataclass(slots=True)
class RawServer:
    """Sends its responses in order, whatever the connection, and then repeats the last one."""

    responses: list[Response]
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    requests: list[ReceivedRequest] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, target: str = "/") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{target}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._exchanges(reader, writer, self.connections)
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self.tasks.discard(task)

    async def _exchanges(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while not writer.is_closing():
            request = await read_request(reader, connection)
            self.requests.append(request)
            response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
            peer = Peer(request, reader, writer)
            await (peer.write(response) if isinstance(response, bytes) else response(peer))


@asynccontextmanager
async def serve(*responses: Response, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """A server for the time of the block, on a free port."""
    server = RawServer(list(responses), scheme="https" if tls else "http")
    async with listen(server, tls):
        yield server


class ConnectionServer(Protocol):
    """Serves connections in tasks of their own."""

    port: int
    tasks: set[asyncio.Task[None]]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


@asynccontextmanager
async def listen(server: ConnectionServer, tls: ssl.SSLContext | None) -> AsyncIterator[None]:
    """Let a server serve a free port, for the time of the block."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls, limit=2**24)
        server.port = listener.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            listener.close()
            for task in list(server.tasks):
                task.cancel()
            await asyncio.gather(*server.tasks, return_exceptions=True)
            await listener.wait_closed()


async def read_request(reader: asyncio.StreamReader, connection: int = 1) -> ReceivedRequest:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *lines = head[:-4].split(b"\r\n")
    headers = tuple((name, value.strip()) for name, _, value in (each.partition(b":") for each in lines))
    known = {name.lower(): value for name, value in headers}
    if known.get(b"transfer-encoding") == b"chunked":
        body = b"".join([chunk async for chunk in read_chunks(reader)])
    else:
        body = await reader.readexactly(int(known.get(b"content-length", b"0")))
    return ReceivedRequest(line, headers, body, connection)


async def read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


def make_response(body: bytes = b"", *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A whole response with its Content-Length."""
    lines = [b"HTTP/1.1 %d Said" % status, b"content-length: %d" % len(body)]
    return b"\r\n".join([*lines, *(b"%b: %b" % pair for pair in headers), b"", body])
