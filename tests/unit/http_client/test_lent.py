"""A piece of a body may be lent: no transport looks at it any more once it asks for the next one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
import uvloop

from naftiko_runtime.http_client import HttpClient, open_client
from naftiko_runtime.transport import OutboundRequest
from support.certificates import certificate, serving, trusting
from support.rawserver import answer, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

PIECE_BYTES = 6_000_000  # more than sockets hold, so that something has to wait
PIECES = b"abcd"


async def lent() -> AsyncIterator[memoryview]:
    """Pieces in one and the same memory."""
    memory = bytearray(PIECE_BYTES)
    for letter in PIECES:
        memory[:] = bytes([letter]) * PIECE_BYTES
        view = memoryview(memory)
        yield view
        memory[:] = bytes(PIECE_BYTES)
        view.release()


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["native", "httpx2"])
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_lent_piece_goes_out_as_it_was(
    tmp_path: Path, new_loop: Callable[[], asyncio.AbstractEventLoop], name: str, scheme: str, *, announced: bool
) -> None:
    pem = certificate(tmp_path / "server.pem") if scheme == "https" else None
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_exchanged(cast("HttpClient", name), pem, announced=announced))


async def _exchanged(name: HttpClient, pem: Path | None, *, announced: bool) -> None:
    transport = open_client(name, trusting(pem) if pem else None)
    length = [(b"content-length", b"%d" % (PIECE_BYTES * len(PIECES)))] if announced else []
    try:
        async with serve(answer(b"taken"), answer(b"next"), tls=serving(pem) if pem else None) as server:
            response = await transport.send(OutboundRequest("a.b", "PUT", server.url(), length, lent()))
            assert [chunk async for chunk in response.chunks()] == [b"taken"]
            await response.close()
            assert server.requests[0].body == b"".join(bytes([letter]) * PIECE_BYTES for letter in PIECES)
            response = await transport.send(OutboundRequest("a.b", "GET", server.url(), ()))
            assert [chunk async for chunk in response.chunks()] == [b"next"]
            await response.close()
            assert server.requests[1].connection == 1
    finally:
        await transport.aclose()
