"""Bytes after a response are dropped: the next request gets its own response."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.upstream import OutboundRequest, Transport, UpstreamUnreachable
from support.certificates import make_client_context, make_server_context, write_certificate
from support.rawserver import Peer, RawServer, Response, make_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SMUGGLED = make_response(b"another's")


@pytest.fixture(params=["http", "https"])
def pem(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return write_certificate(tmp_path / "server.pem") if request.param == "https" else None


@pytest.fixture(params=["native", "httpx2"])
async def transport(request: pytest.FixtureRequest, pem: Path | None) -> AsyncIterator[Transport]:
    name = cast("HttpClient", request.param)
    opened = open_client(ClientOptions(name, tls=make_client_context(pem)))
    yield opened
    await opened.aclose()


async def fetch(transport: Transport, server: RawServer, target: str, method: str = "GET") -> bytes:
    response = await transport.send(OutboundRequest("a.b", method, server.url(target), ()))
    try:
        return b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


async def settled() -> None:
    """Let the loop look at its sockets: what was written on loopback is readable at once."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("surplus", [SMUGGLED, SMUGGLED * 3, SMUGGLED[:20], b"\r\n"])
async def test_bytes_that_come_with_a_response(
    transport: Transport, pem: Path | None, surplus: bytes, method: str
) -> None:
    replies = (make_response(b"first") + surplus, make_response(b"second"), make_response(b"third"))
    async with serve(*replies, tls=make_server_context(pem) if pem else None) as server:
        assert await fetch(transport, server, "/1") == b"first"
        await settled()
        assert await fetch(transport, server, "/2", method) == b"second"
        assert await fetch(transport, server, "/3") == b"third"
        assert [request.target for request in server.requests] == [b"/1", b"/2", b"/3"]


async def test_bytes_that_are_no_response_may_spoil_the_first_but_not_the_next(
    transport: Transport, pem: Path | None
) -> None:
    reply = make_response(b"first") + b"x" * 200_000
    async with serve(reply, make_response(b"second"), tls=make_server_context(pem) if pem else None) as server:
        with suppress(UpstreamUnreachable):
            assert await fetch(transport, server, "/1") == b"first"
        await settled()
        assert await fetch(transport, server, "/2", "POST") == b"second"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("surplus", [SMUGGLED, SMUGGLED * 3, b"HTTP/1.1 408 Idle\r\ncontent-length: 0\r\n\r\n"])
@pytest.mark.parametrize("connections", [1, 4])
async def test_bytes_that_come_while_a_connection_is_idle(
    transport: Transport, pem: Path | None, surplus: bytes, method: str, connections: int
) -> None:
    everybody, idle = asyncio.Barrier(connections), asyncio.Event()
    sent = asyncio.Barrier(connections + 1)

    async def late(peer: Peer) -> None:
        await everybody.wait()
        await peer.write(make_response(b"first"))
        await idle.wait()
        await peer.write(surplus)
        await sent.wait()

    replies: list[Response] = [*[late] * connections, make_response(b"second")]
    async with serve(*replies, tls=make_server_context(pem) if pem else None) as server:
        got = await asyncio.gather(*(fetch(transport, server, "/1") for _ in range(connections)))
        assert got == [b"first"] * connections
        idle.set()
        await sent.wait()
        await settled()
        assert await fetch(transport, server, "/2", method) == b"second"
        assert server.connections == connections + 1


async def test_a_response_that_comes_in_two_halves_round_the_idle_time(transport: Transport, pem: Path | None) -> None:
    idle, sent = asyncio.Event(), asyncio.Event()

    async def halves(peer: Peer) -> None:
        await peer.write(make_response(b"first") + SMUGGLED[:20])
        await idle.wait()
        await peer.write(SMUGGLED[20:])
        sent.set()

    async with serve(halves, make_response(b"second"), tls=make_server_context(pem) if pem else None) as server:
        assert await fetch(transport, server, "/1") == b"first"
        idle.set()
        await sent.wait()
        await settled()
        assert await fetch(transport, server, "/2", "POST") == b"second"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_closed_while_idle_is_replaced(transport: Transport, pem: Path | None, method: str) -> None:
    async def closing(peer: Peer) -> None:
        await peer.write(make_response(b"first"))
        peer.writer.close()

    async with serve(closing, make_response(b"second"), tls=make_server_context(pem) if pem else None) as server:
        assert await fetch(transport, server, "/1") == b"first"
        await settled()
        assert await fetch(transport, server, "/2", method) == b"second"


async def test_connections_without_surplus_are_kept_under_tls_too(transport: Transport, pem: Path | None) -> None:
    async with serve(make_response(b"x" * 40_000), tls=make_server_context(pem) if pem else None) as server:
        for _ in range(4):
            assert len(await fetch(transport, server, "/")) == 40_000
        assert server.connections == 1
