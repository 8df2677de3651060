"""Single exchanges over the native transport."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from naftiko_runtime.upstream import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.http_client.native.response import NativeResponse
    from support.rawserver import RawServer


def asking(
    server: RawServer,
    target: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes | AsyncIterator[bytes] | None = None,
) -> OutboundRequest:
    return OutboundRequest("a.b", method, server.url(target), headers, body)


async def read(response: NativeResponse) -> bytes:
    try:
        return b"".join([chunk async for chunk in response.iter_chunks()])
    finally:
        await response.close()


async def settled() -> None:
    """Let the loop look at its sockets: what was written on loopback is readable at once."""
    for _ in range(200):
        await asyncio.sleep(0)
