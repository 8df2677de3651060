"""Calls by a transport, and servers that send something odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.upstream import OutboundRequest, Transport, UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from support.rawserver import Peer

SECRET = "s3cret"


def asking(
    url: str,
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes | AsyncIterator[bytes] | None = None,
) -> OutboundRequest:
    return OutboundRequest("ships.get", method, url, headers, body)


async def fetch(transport: Transport, request: OutboundRequest) -> tuple[int, bytes]:
    response = await transport.send(request)
    try:
        return response.status, b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


async def refusal(transport: Transport, request: OutboundRequest) -> str:
    with pytest.raises(UpstreamUnreachable) as caught:
        await fetch(transport, request)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.detail


async def parts(*given: bytes) -> AsyncIterator[bytes]:
    for part in given:
        yield part


async def closes(peer: Peer) -> None:
    await peer.close()


async def breaks_off(peer: Peer) -> None:
    await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    await peer.close()
