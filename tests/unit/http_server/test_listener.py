"""A listener on a real loopback socket."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_shared_socket, open_socket
from naftiko_runtime.server.listeners import SERVER_LIMITS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send

HOST = "127.0.0.1"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def respond(body: bytes, begin: asyncio.Event | None = None, go_on: asyncio.Event | None = None) -> App:
    """Return an application; it says when a request has begun, and waits until it may go on."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begin is not None and go_on is not None:
            begin.set()
            await go_on.wait()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    return app


@asynccontextmanager
async def listening(app: App) -> AsyncIterator[Listener]:
    listener = Listener(open_socket(HOST, 0, "test"), AppConfig(app), SERVER_LIMITS)
    await listener.start()
    yield listener
    listener.stop_accepting()
    listener.abort()
    await asyncio.wait_for(listener.wait_closed(), 30)


@asynccontextmanager
async def connected(listener: Listener) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, listener.port)
    yield reader, writer
    writer.close()


async def read_response(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    return head, await reader.readexactly(2)


async def test_requests_get_responses_on_one_connection() -> None:
    async with listening(respond(b"ok")) as listener, connected(listener) as (reader, writer):
        for _ in range(2):
            writer.write(GET)
            head, body = await read_response(reader)
            assert (body, b"\r\ndate: " in head, b"connection" in head) == (b"ok", True, False)


async def test_an_application_is_replaced_from_the_next_request_on() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    async with listening(respond(b"v1", begun, go_on)) as listener, connected(listener) as (reader, writer):
        writer.write(GET)
        await begun.wait()
        tasks = listener.replace_app(AppConfig(respond(b"v2")))
        assert len(tasks) == 1
        go_on.set()
        assert (await read_response(reader))[1] == b"v1"
        writer.write(GET)
        assert (await read_response(reader))[1] == b"v2"


async def test_closing_is_announced_before_it_happens() -> None:
    async with listening(respond(b"ok")) as listener, connected(listener) as (reader, writer):
        listener.announce_closing()
        writer.write(GET)
        head, _ = await read_response(reader)
        assert b"\r\nconnection: close\r\n" in head
        assert await reader.read() == b""


async def test_a_listener_that_stops_ends_what_is_idle_and_lets_the_rest_end() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    async with (
        listening(respond(b"ok", begun, go_on)) as listener,
        connected(listener) as (reader, writer),
    ):
        writer.write(GET)
        await begun.wait()
        listener.stop_accepting()
        go_on.set()
        head, body = await read_response(reader)
        assert (body, b"\r\nconnection: close\r\n" in head) == (b"ok", True)
        assert await reader.read() == b""
        await asyncio.wait_for(listener.wait_closed(), 30)


async def test_what_is_still_in_progress_can_be_aborted() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    async with listening(respond(b"ok", begun, go_on)) as listener, connected(listener) as (reader, writer):
        writer.write(GET)
        await begun.wait()
        listener.stop_accepting()
        assert listener.abort() == 1
        await asyncio.wait_for(listener.wait_closed(), 30)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_another_workers_socket_is_served_until_it_is_released() -> None:
    first = open_socket(HOST, 0, "test", many=True)
    other = open_shared_socket(first, "test")
    first.close()  # every connection now comes to the other one
    async with listening(respond(b"ok")) as listener:
        await listener.accept_from(1, other)
        reader, writer = await asyncio.open_connection(HOST, other.getsockname()[1])
        writer.write(GET)
        assert (await read_response(reader))[1] == b"ok"
        writer.close()
        listener.stop_accepting_from(1)
        listener.stop_accepting_from(1)
