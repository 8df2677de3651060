"""The limit of connections to one upstream, so that a stalled upstream does not block the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.errors import UpstreamOverloaded, UpstreamUnreachable
from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.certificates import read_tls_options
from naftiko_runtime.upstream import OutboundRequest, Transport
from support.certificates import make_server_context, write_certificate
from support.rawserver import Peer, RawServer, Response, make_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LIMIT = 3


@pytest.fixture(params=["native", "httpx2"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    client: HttpClient = request.param
    opened = open_client(ClientOptions(client, connections_each_max=LIMIT))
    yield opened
    await opened.aclose()


def asking(server: RawServer) -> OutboundRequest:
    return OutboundRequest("a.b", "GET", server.url(), ())


async def fetch(transport: Transport, server: RawServer) -> bytes:
    response = await transport.send(asking(server))
    try:
        return b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


class Stalled:
    """Responds to nobody until it may."""

    def __init__(self) -> None:
        self.waiting = asyncio.Semaphore(0)
        self.may_respond = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        self.waiting.release()
        await self.may_respond.wait()
        await peer.write(make_response(b"late"))

    async def hold(self, number: int) -> None:
        for _ in range(number):
            await self.waiting.acquire()


async def test_a_stalled_upstream_does_not_hold_up_the_others(transport: Transport) -> None:
    stalled = Stalled()
    async with serve(stalled) as slow, serve(make_response(b"fast")) as fast:
        held = [asyncio.create_task(fetch(transport, slow)) for _ in range(LIMIT)]
        await stalled.hold(LIMIT)
        for _ in range(5):
            with pytest.raises(UpstreamOverloaded) as caught:
                await transport.send(asking(slow))
            assert caught.value.retry_seconds == 1
            assert str(slow.port) not in str(caught.value)
            assert str(slow.port) in caught.value.detail
            assert await fetch(transport, fast) == b"fast"
        assert slow.connections == len(slow.requests) == LIMIT
        stalled.may_respond.set()
        assert await asyncio.gather(*held) == [b"late"] * LIMIT
        assert await asyncio.gather(*(fetch(transport, slow) for _ in range(LIMIT))) == [b"late"] * LIMIT
        assert slow.connections == LIMIT


@pytest.mark.parametrize("how", ["cancelled", "unread", "broken"])
async def test_an_exchange_that_ends_in_any_way_makes_room(transport: Transport, how: str) -> None:
    stalled = Stalled()

    async def breaks(peer: Peer) -> None:
        await peer.close()

    how_begun: dict[str, Response] = {"cancelled": stalled, "unread": make_response(b"x" * 1_000_000), "broken": breaks}
    async with serve(*[how_begun[how]] * (2 * LIMIT), make_response(b"last")) as server:
        for _ in range(2):
            tasks = [asyncio.create_task(transport.send(asking(server))) for _ in range(LIMIT)]
            if how == "cancelled":
                await stalled.hold(LIMIT)
                for task in tasks:
                    task.cancel()
            for response in await asyncio.gather(*tasks, return_exceptions=True):
                if not isinstance(response, BaseException):
                    await response.close()
                else:
                    assert isinstance(response, asyncio.CancelledError | UpstreamUnreachable)
        assert await asyncio.gather(*(fetch(transport, server) for _ in range(LIMIT))) == [b"last"] * LIMIT


async def test_connections_that_cannot_be_opened_leave_no_place_behind(transport: Transport) -> None:
    async with serve(make_response(b"x")) as server:
        closed = RawServer([], port=server.port)
    for _ in range(2 * LIMIT):
        with pytest.raises(UpstreamUnreachable):
            await transport.send(asking(closed))


async def test_connections_that_were_idle_for_too_long_leave_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below TLS they are gone some rounds of the loop after they were closed."""
    monkeypatch.setattr(limits, "UPSTREAM_IDLE_SECONDS", 0)
    pem = write_certificate(tmp_path / "server.pem")
    tls = read_tls_options({"SSL_CERT_FILE": str(pem)})
    transport = open_client(ClientOptions("native", tls=tls, connections_each_max=1))
    async with serve(make_response(b"x"), tls=make_server_context(pem)) as server:
        for number in range(1, 4):
            assert await fetch(transport, server) == b"x"
            assert server.connections == number
    await transport.aclose()
