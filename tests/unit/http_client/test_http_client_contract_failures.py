"""What every transport does when a call is cancelled, fails or may not be sent."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

import pytest

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.httpx2.network_backend import Stream
from naftiko_runtime.http_client.native.connection import ClientConnection
from naftiko_runtime.upstream import Transport, UpstreamUnreachable
from support.rawserver import Peer, make_response, serve
from support.transport_calls import SECRET, asking, breaks_off, closes, fetch, parts, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["native", "httpx2"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    opened = open_client(ClientOptions(cast("HttpClient", request.param)))
    yield opened
    await opened.aclose()


async def test_being_cancelled_before_the_response_closes_the_connection(transport: Transport) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def silent(peer: Peer) -> None:
        asked.set()
        await peer.wait_closed()
        gone.set()

    async with serve(silent, make_response(b"second")) as server:
        task = asyncio.create_task(fetch(transport, asking(server.url())))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()
        assert await fetch(transport, asking(server.url())) == (200, b"second")


async def test_being_cancelled_in_the_body_closes_the_connection(transport: Transport) -> None:
    gone, reading = asyncio.Event(), asyncio.Event()

    async def stalled(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
        await peer.wait_closed()
        gone.set()

    async def read(url: str) -> None:
        response = await transport.send(asking(url))
        try:
            async for _ in response.iter_chunks():
                reading.set()
        finally:
            await response.close()

    async with serve(stalled, make_response(b"second")) as server:
        task = asyncio.create_task(read(server.url()))
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()
        assert await fetch(transport, asking(server.url())) == (200, b"second")


async def test_many_at_once_each_get_their_own(transport: Transport) -> None:
    async def echo(peer: Peer) -> None:
        await peer.write(make_response(peer.request.target))

    async with serve(echo) as server:
        targets = [f"/{number}" for number in range(100)]
        got = await asyncio.gather(*(fetch(transport, asking(server.url(target))) for target in targets))
        assert got == [(200, target.encode()) for target in targets]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_refused_connection(transport: Transport) -> None:
    port = closed_port()
    reason = await refusal(transport, asking(f"http://127.0.0.1:{port}/{SECRET}?key={SECRET}"))
    assert reason == f"connection refused by 127.0.0.1:{port}"


async def test_a_name_that_does_not_resolve(transport: Transport) -> None:
    reason = await refusal(transport, asking("http://nowhere.invalid/"))
    assert reason == "name 'nowhere.invalid' does not resolve"


async def breaks_off_a_chunk(peer: Peer) -> None:
    await peer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhalf")
    await peer.close()


async def resets(peer: Peer) -> None:
    await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    peer.writer.transport.abort()


HUGE = b"HTTP/1.1 200 OK\r\nx-huge: " + b"a" * 300_000 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (closes, "{} closed the connection before it responded"),
        (b"SSH-2.0-OpenSSH_9.2\r\n" + SECRET.encode() + b"\r\n\r\n", "the response of {} is not valid HTTP"),
        (HUGE, "the response head of {} is too large"),
        (
            b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "the response of {} is not valid HTTP",
        ),
        (breaks_off, "{} broke off its response"),
        (breaks_off_a_chunk, "{} broke off its response"),
        (resets, "{} broke off its response"),
    ],
)
async def test_an_invalid_response_is_described_by_the_failure_and_the_host(
    transport: Transport, reply: bytes, reason: str
) -> None:
    async with serve(reply) as server:
        request = asking(
            f"http://me:{SECRET}@127.0.0.1:{server.port}/{SECRET}?key={SECRET}",
            headers=[(b"authorization", SECRET.encode())],
        )
        text = await refusal(transport, request)
        assert text == reason.format(f"127.0.0.1:{server.port}")


async def test_a_chunk_that_is_none_breaks_the_response_off(transport: Transport) -> None:
    read = asyncio.Event()

    async def not_a_chunk(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await read.wait()
        await peer.write(b"xyz\r\n" + SECRET.encode() + b"\r\n")
        await peer.wait_closed()

    async with serve(not_a_chunk) as server:
        response = await transport.send(asking(server.url()))
        chunks = response.iter_chunks()
        assert await anext(chunks) == b"a"
        read.set()
        with pytest.raises(UpstreamUnreachable) as caught:
            await anext(chunks)
        await response.close()
        assert caught.value.detail == f"127.0.0.1:{server.port} broke off its response"


@pytest.mark.parametrize("header", [b"a\r\nx: y", b"a\nb", b"a\0b"])
async def test_a_header_that_would_break_the_request_is_not_sent(transport: Transport, header: bytes) -> None:
    async with serve(make_response()) as server:
        reason = await refusal(transport, asking(server.url(), headers=[(b"x", header)]))
        assert reason == f"the request to 127.0.0.1:{server.port} cannot be written as HTTP"
        assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "/a",
        "http://",
        "http://h/a b",
        "http://h/\r\n",
        "http://h/ä",
        "http:h",
        "http\u017f://h/",
        "http://\u212a/",
        "http://h/\u017f",
    ],
)
async def test_what_is_no_encoded_url_is_not_sent(transport: Transport, url: str) -> None:
    reason = await refusal(transport, asking(url))
    assert reason == "the upstream's address is not an encoded http or https URL"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("body", [None, b"x", b"x" * 2_000_000])
async def test_what_may_not_be_repeated_is_sent_once(transport: Transport, method: str, body: bytes | None) -> None:
    async with serve(make_response(), closes) as server:
        await fetch(transport, asking(server.url()))
        await refusal(transport, asking(server.url("/pay"), method, body=body))
        assert [request.target for request in server.requests] == [b"/", b"/pay"]


async def test_a_stream_is_sent_once(transport: Transport) -> None:
    async with serve(make_response(), closes) as server:
        await fetch(transport, asking(server.url()))
        await refusal(transport, asking(server.url("/put"), "PUT", body=parts(b"a", b"b")))
        assert [request.target for request in server.requests] == [b"/", b"/put"]


async def test_after_it_is_closed_the_server_sees_no_connection(transport: Transport) -> None:
    gone = asyncio.Event()

    async def watching(peer: Peer) -> None:
        await peer.write(make_response())
        await peer.wait_closed()
        gone.set()

    async with serve(watching) as server:
        await fetch(transport, asking(server.url()))
        await transport.aclose()
        await gone.wait()


class Gone(asyncio.Transport):
    """A transport of asyncio after its connection was lost, as some are."""

    def abort(self) -> None:
        raise AttributeError

    def is_closing(self) -> bool:
        return True


async def test_a_lost_connection_can_be_closed() -> None:
    connection = ClientConnection(asyncio.get_running_loop(), lambda _: None)
    connection.connection_made(Gone())
    connection.connection_lost(None)
    connection.close()
    stream = Stream()
    stream.connection_made(Gone())
    stream.connection_lost(None)
    await stream.aclose()
