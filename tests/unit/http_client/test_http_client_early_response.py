"""A response before the end of the request body: the rest of the body never becomes part of another exchange."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvloop

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.upstream import OutboundRequest, Transport
from support.certificates import make_client_context, make_server_context, write_certificate
from support.rawserver import DEADLINE_SECONDS, make_response

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SMUGGLED = b"POST /smuggled HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
BODY = SMUGGLED * 100
LARGE = SMUGGLED * 100_000
"""More than sockets hold."""


class Refusing:
    """Responds with 403 as soon as a head is there, keeps the connection, and reads on as HTTP wants."""

    def __init__(self) -> None:
        self.may_read = asyncio.Event()
        self.connections = 0
        self.targets: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.targets.append(head.split(b" ")[1])
                length = next((int(n[16:]) for n in head.lower().split(b"\r\n") if n.startswith(b"content-length:")), 0)
                writer.write(make_response(self.targets[-1], status=403 if length else 200))
                if length:
                    await self.may_read.wait()
                    await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(3):  # the sockets themselves are closed in the loop's next rounds
            await asyncio.sleep(0)


@asynccontextmanager
async def refusing(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Refusing, str]]:
    found = Refusing()
    async with asyncio.timeout(DEADLINE_SECONDS):
        listener = await asyncio.start_server(found, "127.0.0.1", 0, ssl=tls)
        port = listener.sockets[0].getsockname()[1]
        try:
            yield found, f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        finally:
            listener.close()
            await found.end()
            await listener.wait_closed()


async def fetch(transport: Transport, request: OutboundRequest) -> tuple[int, bytes]:
    response = await transport.send(request)
    try:
        return response.status, b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


async def test_a_request_in_a_refused_body_is_never_executed() -> None:
    transport = open_client(ClientOptions())
    async with refusing() as (server, url):
        responded = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield BODY[:10]
            await responded.wait()
            yield BODY[10:]

        length = (b"content-length", b"%d" % len(BODY))
        upload = OutboundRequest("a.b", "POST", f"{url}/refused", (length,), body())
        response = await transport.send(upload)
        responded.set()
        for _ in range(20):  # the whole body is supplied before the response is taken
            await asyncio.sleep(0)
        await response.close()
        server.may_read.set()
        for number in range(3):
            target = b"/%d" % number
            request = OutboundRequest("a.b", "GET", f"{url}{target.decode()}", ())
            assert await fetch(transport, request) == (200, target)
        assert server.targets == [b"/refused", b"/0", b"/1", b"/2"]
        assert server.connections == 2
    await transport.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("client", ["native", "httpx2"])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_connection_that_still_holds_a_part_of_a_body_is_not_used_again(
    tmp_path: Path, client: HttpClient, scheme: str, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    pem = write_certificate(tmp_path / "server.pem") if scheme == "https" else None

    async def exchanged() -> None:
        transport = open_client(ClientOptions(client, tls=make_client_context(pem)))
        try:
            async with refusing(make_server_context(pem) if pem else None) as (server, url):
                request = OutboundRequest("a.b", "POST", f"{url}/refused", (), LARGE)
                sending = asyncio.create_task(fetch(transport, request))
                if client == "httpx2":  # which reads no response before the body is sent
                    server.may_read.set()
                assert await sending == (403, b"/refused")
                assert await fetch(transport, OutboundRequest("a.b", "GET", f"{url}/next", ())) == (200, b"/next")
                assert server.targets == [b"/refused", b"/next"]
                assert server.connections == (1 if client == "httpx2" else 2)
        finally:
            await transport.aclose()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(exchanged())
