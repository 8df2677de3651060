"""The upstream of every file: it records each request byte for byte, and sends a response that tests choose."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.rawserver import ReceivedRequest, make_response, read_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
_JSON = ("application/json", b'{"id": 1, "name": "n", "items": [{"id": 2, "name": "m"}], "total": 1}')
_RESPONSES = {
    "xml": ("application/xml", b"<r><id>1</id><name>n</name></r>"),
    "csv": ("text/csv", b"id,name\n1,n\n"),
    "tsv": ("text/tab-separated-values", b"id\tname\n1\tn\n"),
    "psv": ("text/plain", b"id|name\n1|n\n"),
    "yaml": ("application/yaml", b"id: 1\nname: n\n"),
    "html": ("text/html", b"<html><body><table><tr><th>id</th></tr><tr><td>1</td></tr></table></body></html>"),
    "markdown": ("text/markdown", b"# n\n\n| id |\n| --- |\n| 1 |\n"),
    "binary": ("image/gif", GIF),
}


@dataclass
class Echo:
    """An HTTP server with a port for each consumed namespace, so that a request tells whom it was for."""

    received: list[tuple[int, ReceivedRequest]] = field(default_factory=list)
    """The number of the port, and the request."""
    response: bytes = b""
    _servers: list[asyncio.Server] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def speak(self, raw_format: str) -> None:
        """Respond in a format from now on."""
        kind, body = _RESPONSES.get(raw_format, _JSON)
        self.response = make_response(body, headers=[(b"content-type", kind.encode())])

    async def url(self, number: int) -> str:
        """The base URL of the namespace of that number, counted from 0."""
        while len(self._servers) <= number:
            mine = len(self._servers)

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mine: int = mine) -> None:
                await self._serve(mine, reader, writer)

            self._servers.append(await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20))
        return f"http://127.0.0.1:{self._servers[number].sockets[0].getsockname()[1]}"

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    request = await read_request(reader)
                    self.received.append((number, request))
                    head, _, body = self.response.partition(b"\r\n\r\n")
                    writer.write(head + b"\r\n\r\n" + (b"" if request.line.startswith(b"HEAD ") else body))
                    await writer.drain()
        finally:
            writer.close()
            self._tasks.discard(task)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def echoing() -> AsyncIterator[Echo]:
    """An echo for the time of the block."""
    echo = Echo()
    echo.speak("json")
    try:
        yield echo
    finally:
        await echo.close()
