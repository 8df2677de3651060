"""Sends ASGI responses that are complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.asgi_types import Send
    from naftiko_runtime.upstream.interface import Header


async def send_bodyless(send: Send, status: int, headers: Sequence[Header]) -> None:
    """Send a response that has no body."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def send_whole(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send a response whose body is at hand."""
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
