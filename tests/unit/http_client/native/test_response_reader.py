"""A native connection is kept only if its exchange is complete."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.http_client import ClientOptions
from naftiko_runtime.http_client.native.client import NativeClient
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from support.certificates import make_client_context, make_server_context, write_certificate
from support.exchanges import asking, read, settled
from support.rawserver import Peer, RawServer, make_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


@pytest.fixture
async def transport() -> AsyncIterator[NativeClient]:
    opened = NativeClient(ClientOptions())
    yield opened
    await opened.aclose()


@asynccontextmanager
async def listening(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that keeps its connections open when it has nothing more to say, and takes in little by itself."""
    done = asyncio.Event()
    tasks: set[asyncio.Task[None] | None] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
            await done.wait()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(served, "127.0.0.1", 0, limit=1024)
    async with asyncio.timeout(10):
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        finally:
            done.set()
            server.close()
            await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


async def test_an_unread_response_blocks_no_other(transport: NativeClient) -> None:
    async with serve(make_response(b"x" * 600_000), make_response(b"next")) as server:
        response = await transport.send(asking(server))
        await settled()
        await response.close()
        assert await read(await transport.send(asking(server))) == b"next"
        assert server.connections == 2


async def test_a_request_that_was_not_taken_whole_leaves_nothing_on_its_connection(transport: NativeClient) -> None:
    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(make_response(b"enough"))

    connections: list[bytes] = []
    async with listening(at_once) as url:
        for _ in range(2):
            request = OutboundRequest("a.b", "POST", url, (), b"x" * 20_000_000)
            async with asyncio.timeout(10):
                assert await read(await transport.send(request)) == b"enough"
        assert len(connections) == 2


@pytest.mark.parametrize(("length", "given"), [(b"100", b"abc"), (b"2", b"abc")])
async def test_a_stream_of_another_length_than_announced_breaks_off(
    transport: NativeClient, length: bytes, given: bytes
) -> None:
    async with serve(make_response(b"early"), make_response(b"next")) as server:
        request = asking(server, "/", "POST", [(b"content-length", length)], pieces(given))
        with pytest.raises(UpstreamUnreachable):
            await read(await transport.send(request))
        assert await read(await transport.send(asking(server))) in (b"early", b"next")


async def test_no_more_of_a_stream_is_sent_than_was_announced(transport: NativeClient) -> None:
    got = bytearray()

    async def taking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read())
        writer.close()

    async with listening(taking) as url:
        smuggling = pieces(b"ab", b"GET /other HTTP/1.1\r\nhost: x\r\n\r\n")
        with pytest.raises(UpstreamUnreachable):
            await transport.send(OutboundRequest("a.b", "POST", url, [(b"content-length", b"2")], smuggling))
    await settled()
    assert b"/other" not in got


async def test_bytes_of_another_length_than_announced_are_not_sent(transport: NativeClient) -> None:
    odd = [[b"9"], [b"x"], [b"-3"], [b"3", b"4"]]
    async with serve(make_response(b"x")) as server:
        for lengths in odd:
            headers = [(b"content-length", length) for length in lengths]
            for body in (b"abc", pieces(b"abc")) if lengths != [b"9"] else (b"abc",):
                with pytest.raises(UpstreamUnreachable, match="cannot be written as HTTP"):
                    await transport.send(asking(server, "/", "POST", headers, body))
        assert server.requests == []


@pytest.mark.parametrize(
    "whole", [b"HTTP/1.1 413 No\r\n\r\ntoo much", b"HTTP/1.1 413 No\r\ncontent-length: 8\r\n\r\ntoo much"]
)
async def test_a_response_that_ends_with_the_connection_is_not_waited_for_behind_an_upload(
    transport: NativeClient, whole: bytes
) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(whole)
        writer.write_eof()

    async with listening(respond) as url:
        response = await transport.send(OutboundRequest("a.b", "POST", url, (), b"x" * 20_000_000))
        assert (response.status, await read(response)) == (413, b"too much")


async def test_an_upstream_that_ends_its_side_unasked_for_a_response_is_not_waited_for(
    transport: NativeClient,
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()

    async with listening(silent) as url:
        with pytest.raises(UpstreamUnreachable, match="closed before a response came"):
            await transport.send(OutboundRequest("a.b", "POST", url, (), b"x" * 20_000_000))


@pytest.mark.parametrize("properly", [True, False])
async def test_under_tls_only_tls_can_say_that_a_body_is_over(tmp_path: Path, *, properly: bool) -> None:
    pem = write_certificate(tmp_path / "server.pem")
    transport = NativeClient(ClientOptions(tls=make_client_context(pem)))

    async def ending(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\n\r\nTransfer 100 EUR to Bob unless ")
        if properly:
            await peer.close()
        else:
            peer.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
            await peer.wait_closed()

    async with serve(ending, tls=make_server_context(pem)) as server:
        response = await transport.send(asking(server))
        if properly:
            assert await read(response) == b"Transfer 100 EUR to Bob unless "
        else:
            with pytest.raises(UpstreamUnreachable, match="the response broke off"):
                await read(response)
    await transport.aclose()


@pytest.mark.parametrize(
    "odd",
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n29\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n" + make_response(b"another's"),
    ],
)
async def test_bytes_after_a_head_only_response_are_dropped(transport: NativeClient, odd: bytes) -> None:
    evil = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL"
    async with serve(odd, evil, make_response(b"next")) as server:
        response = await transport.send(asking(server, "/", "HEAD"))
        await response.close()
        await settled()
        await read(await transport.send(asking(server)))
        assert server.connections == 2


async def test_many_small_chunks_are_kept_as_few(transport: NativeClient) -> None:
    count = 100_000
    tiny = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"2\r\nab\r\n" * count + b"0\r\n\r\n"
    async with serve(tiny) as server:
        response = await transport.send(asking(server))
        await settled()
        held = response._get_reader().body.pieces  # noqa: SLF001 - what it takes, nothing outside can see
        assert len(held) < 100
        assert await read(response) == b"ab" * count


@pytest.mark.parametrize(
    "coding", [b"gzip, chunked", b"chunked, gzip", b"identity", b"gzip", b"chunked\r\ntransfer-encoding: chunked"]
)
async def test_a_response_in_an_unrequested_coding_is_invalid(transport: NativeClient, coding: bytes) -> None:
    odd = b"HTTP/1.1 200 OK\r\ntransfer-encoding: " + coding + b"\r\n\r\n0\r\n\r\n"
    async with serve(odd, make_response(b"next")) as server:
        with pytest.raises(UpstreamUnreachable, match="is not valid HTTP"):
            await transport.send(asking(server))
        assert await read(await transport.send(asking(server))) == b"next"


@pytest.mark.parametrize("version", [b"0.9", b"2.0"])
async def test_a_response_of_another_version_is_none(transport: NativeClient, version: bytes) -> None:
    async with serve(b"HTTP/" + version + b" 200 OK\r\ncontent-length: 0\r\n\r\n") as server:
        with pytest.raises(UpstreamUnreachable, match="is not valid HTTP"):
            await transport.send(asking(server))


async def test_an_interim_response_with_a_body_is_none(transport: NativeClient) -> None:
    odd = b"HTTP/1.1 110 Odd\r\ncontent-length: 4\r\n\r\nabcd" + make_response(b"x")
    async with serve(odd) as server:
        try:
            got = await read(await transport.send(asking(server)))
        except UpstreamUnreachable:
            got = b"x"
        assert got == b"x"


async def test_who_came_first_is_first() -> None:
    transport = NativeClient(ClientOptions(connections_max=1))
    order: list[str] = []
    release = asyncio.Event()

    async def held(peer: Peer) -> None:
        await release.wait()
        await peer.write(make_response(b"x"))

    async def one(name: str, server: RawServer) -> None:
        await read(await transport.send(asking(server)))
        order.append(name)

    async with serve(held) as server:
        tasks = []
        for name in "abcd":
            tasks.append(asyncio.create_task(one(name, server)))
            await settled()
        release.set()
        await tasks[0]
        tasks.append(asyncio.create_task(one("late", server)))  # a connection may be idle just now
        await asyncio.gather(*tasks)
        assert order == ["a", "b", "c", "d", "late"]
    await transport.aclose()


async def test_a_name_is_asked_for_once_at_a_time(transport: NativeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, asked = asyncio.get_running_loop(), []
    real = loop.getaddrinfo

    async def counting(host: str, port: int, **options: int) -> object:
        asked.append(host)
        return await real(host, port, **options)

    monkeypatch.setattr(loop, "getaddrinfo", counting)
    async with serve(make_response(b"x")) as server:
        await asyncio.gather(*(transport.send(asking(server)) for _ in range(20)))
        assert asked.count("127.0.0.1") == 1
        with pytest.raises(UpstreamUnreachable, match="does not resolve"):
            await transport.send(OutboundRequest("a.b", "GET", "http://nowhere.invalid/", ()))


async def test_nothing_is_sent_again_once_it_is_closed() -> None:
    transport = NativeClient(ClientOptions())
    asked = asyncio.Event()

    async def silent(peer: Peer) -> None:
        asked.set()
        await peer.wait_closed()

    async with serve(make_response(b"first"), silent, make_response(b"never")) as server:
        await read(await transport.send(asking(server)))
        task = asyncio.create_task(transport.send(asking(server)))
        await asked.wait()
        await transport.aclose()
        with pytest.raises(UpstreamUnreachable):
            await task
        assert server.connections == 1
