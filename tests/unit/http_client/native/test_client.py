"""Only for the native transport: its pool, its bounds, repetition, and early responses to uploads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_client import ClientOptions
from naftiko_runtime.http_client.native import pool
from naftiko_runtime.http_client.native.client import NativeClient
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from support.exchanges import asking, read, settled
from support.rawserver import Peer, make_response, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def transport() -> AsyncIterator[NativeClient]:
    opened = NativeClient(ClientOptions())
    yield opened
    await opened.aclose()


async def closes(peer: Peer) -> None:
    await peer.close()


async def half_a_head(peer: Peer) -> None:
    await peer.write(b"HTTP/1.1 200 OK\r\ncontent-le")
    await peer.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_an_idempotent_request_is_repeated_when_a_kept_connection_turns_out_to_be_closed(
    transport: NativeClient, method: str
) -> None:
    async with serve(make_response(b"first"), closes, make_response(b"")) as server:
        assert await read(await transport.send(asking(server))) == b"first"
        again = asking(server, "/again", method)
        assert await read(await transport.send(again)) == b""
        assert again.resend_count == 1
        assert [(r.target, r.connection) for r in server.requests] == [(b"/", 1), (b"/again", 1), (b"/again", 2)]


async def test_a_repeated_request_takes_none_of_the_other_kept_connections(transport: NativeClient) -> None:
    """They were probably dropped with the one that turned out to be dead."""
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def waits(peer: Peer) -> None:
        begun.release()
        await go_on.wait()
        await peer.write(make_response(b"first"))

    async with serve(waits, waits, waits, closes, make_response(b"last")) as server:
        first = [asyncio.create_task(transport.send(asking(server))) for _ in range(3)]
        for _ in first:
            await begun.acquire()
        go_on.set()
        assert [await read(await task) for task in first] == [b"first"] * 3
        assert await read(await transport.send(asking(server, "/again"))) == b"last"
        assert server.requests[-1].connection == server.connections == 4


async def test_a_response_that_is_closed_again_ends_no_other_exchange(transport: NativeClient) -> None:
    go_on = asyncio.Event()

    async def waits(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsec")
        await go_on.wait()
        await peer.write(b"ond")

    async with serve(make_response(b"first"), waits) as server:
        one = await transport.send(asking(server))
        assert one.read_whole() == b"first"
        await one.close()
        other = await transport.send(asking(server))
        await one.close()
        for use in (one.is_complete, one.read_whole):
            with pytest.raises(RuntimeError):
                use()
        go_on.set()
        assert await read(other) == b"second"
        assert server.connections == 1


async def test_no_request_is_repeated_once_a_byte_of_a_response_came(transport: NativeClient) -> None:
    async with serve(make_response(b"first"), half_a_head, make_response(b"never")) as server:
        await read(await transport.send(asking(server)))
        with pytest.raises(UpstreamUnreachable, match="closed before a response came"):
            await transport.send(asking(server, "/again"))
        assert [r.target for r in server.requests] == [b"/", b"/again"]


async def test_a_request_on_a_new_connection_is_not_repeated(transport: NativeClient) -> None:
    async with serve(closes, make_response(b"never")) as server:
        with pytest.raises(UpstreamUnreachable, match="closed before a response came"):
            await transport.send(asking(server))
        assert len(server.requests) == 1


async def test_one_that_finds_no_room_waits_for_its_turn() -> None:
    transport = NativeClient(ClientOptions(connections_max=2))
    release, both = asyncio.Event(), asyncio.Barrier(3)

    async def held(peer: Peer) -> None:
        if not release.is_set():
            await both.wait()
        await release.wait()
        await peer.write(make_response(peer.request.target))

    async with serve(held) as server:
        calls = [asyncio.create_task(transport.send(asking(server, f"/{n}"))) for n in range(6)]
        await both.wait()
        await settled()
        assert server.connections == 2
        release.set()
        reading = [asyncio.create_task(read(await call)) for call in calls[:2]]
        got = [await task for task in reading] + [await read(await call) for call in calls[2:]]
        assert got == [b"/%d" % n for n in range(6)]
        assert server.connections == 2
        await transport.aclose()


async def test_a_request_that_gets_no_connection_fails_and_leaves_the_queue() -> None:
    transport = NativeClient(ClientOptions(connections_max=1, connect_seconds=0.05))
    async with serve(make_response(b"first"), make_response(b"second")) as server:
        first = await transport.send(asking(server))
        with pytest.raises(UpstreamUnreachable, match="no connection was made in time"):
            await transport.send(asking(server))
        assert await read(first) == b"first"
        assert await read(await transport.send(asking(server))) == b"second"
        await transport.aclose()


async def test_an_idle_connection_makes_room_for_another_origin() -> None:
    transport = NativeClient(ClientOptions(connections_max=1))
    gone = asyncio.Event()

    async def watching(peer: Peer) -> None:
        await peer.write(make_response(b"one"))
        await peer.wait_closed()
        gone.set()

    async with serve(watching) as one, serve(make_response(b"other")) as other:
        assert await read(await transport.send(asking(one))) == b"one"
        assert await read(await transport.send(asking(other))) == b"other"
        await gone.wait()
        await transport.aclose()


async def test_a_connection_is_closed_when_it_was_idle_for_long(
    transport: NativeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPSTREAM_IDLE_SECONDS", 0.02)
    monkeypatch.setattr(pool, "_SWEEP_SECONDS", 0.03)
    gone = asyncio.Event()

    async def watching(peer: Peer) -> None:
        await peer.write(make_response(b"x"))
        await peer.wait_closed()
        gone.set()

    async with serve(watching) as server:
        await read(await transport.send(asking(server)))
        await gone.wait()


async def test_interim_responses_without_end_are_no_response(transport: NativeClient) -> None:
    async def endless(peer: Peer) -> None:
        while not peer.writer.is_closing():
            await peer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 100)

    async with serve(endless, make_response(b"next")) as server:
        with pytest.raises(UpstreamUnreachable, match="head of its response is too large"):
            await transport.send(asking(server))
        assert await read(await transport.send(asking(server))) == b"next"


@pytest.mark.parametrize("endless", [b"x-trailer: a\r\n", b"x: " + b"a" * 1000])
async def test_trailers_without_end_break_the_response_off(transport: NativeClient, endless: bytes) -> None:
    async def trailing(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        while not peer.writer.is_closing():
            await peer.write(endless * 100)

    async with serve(trailing) as server:
        with pytest.raises(UpstreamUnreachable, match="the response broke off"):
            await read(await transport.send(asking(server)))


async def test_an_upload_can_get_a_response_before_its_end(transport: NativeClient) -> None:
    stopped = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with serve(make_response(b"never")) as server:  # its reader would wait for the whole body

        async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"first")
            writer.write(make_response(b"enough", status=413))
            await reader.read()
            writer.close()

        async with await asyncio.start_server(at_once, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            request = OutboundRequest("a.b", "POST", f"http://127.0.0.1:{port}/", (), endless())
            response = await transport.send(request)
            assert (response.status, await read(response)) == (413, b"enough")
            await stopped.wait()
        assert await read(await transport.send(asking(server))) == b"never"


async def test_what_a_streamed_body_raises_comes_out_and_the_connection_goes(transport: NativeClient) -> None:
    class Odd(Exception):  # noqa: N818 - only a marker
        pass

    async def failing() -> AsyncIterator[bytes]:
        yield b"part"
        raise Odd

    async with serve(make_response(b"next")) as server:
        with pytest.raises(Odd):
            await transport.send(OutboundRequest("a.b", "POST", server.url(), (), failing()))
        assert await read(await transport.send(asking(server))) == b"next"
        assert [r.line for r in server.requests] == [b"GET / HTTP/1.1"]


async def test_an_upstream_that_is_not_read_is_held_back(transport: NativeClient) -> None:
    body, written = b"x" * 64_000_000, asyncio.Event()

    async def large(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 1_000_000):
            await peer.write(body[start : start + 1_000_000])
        written.set()

    async with serve(large) as server:
        response = await transport.send(asking(server))
        for _ in range(2000):
            await asyncio.sleep(0)
        assert not written.is_set()
        assert len(await read(response)) == len(body)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_connection_that_was_held_back_is_used_again_when_all_was_read(
    transport: NativeClient, *, whole: bool
) -> None:
    body = b"x" * 600_000
    async with serve(make_response(body)) as server:
        for _ in range(3):
            response = await transport.send(asking(server))
            await settled()
            held = response.read_whole() if whole else None
            if held is not None:
                await response.close()
            assert (await read(response) if held is None else held) == body
        assert server.connections == 1


async def test_a_whole_body_is_given_at_once_and_once(transport: NativeClient) -> None:
    rest = asyncio.Event()

    async def halves(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
        await rest.wait()
        await peer.write(b"cd")

    async with serve(make_response(b"here"), halves) as server:
        response = await transport.send(asking(server))
        await settled()
        assert response.read_whole() == b"here"
        assert response.is_complete()
        with pytest.raises(RuntimeError, match="a body can be read only once"):
            response.read_whole()
        with pytest.raises(RuntimeError, match="a body can be read only once"):
            response.iter_chunks()
        await response.close()
        response = await transport.send(asking(server))
        assert response.read_whole() is None
        rest.set()
        assert await read(response) == b"abcd"
        assert server.connections == 1


@pytest.mark.parametrize(
    "odd",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nabcde\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx : y\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n folded: x\r\n\r\n",
    ],
)
async def test_a_response_whose_end_two_readers_would_see_at_different_places_is_none(
    transport: NativeClient, odd: bytes
) -> None:
    async with serve(odd, make_response(b"next")) as server:
        try:
            got = await read(await transport.send(asking(server)))
        except UpstreamUnreachable:
            got = b""
        assert got in (b"", b"abcde")
        assert await read(await transport.send(asking(server))) == b"next"
        assert server.connections == 2
