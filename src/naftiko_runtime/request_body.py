"""Reads the body of an ASGI request, within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.errors import TooLarge, UnsupportedCoding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from naftiko_runtime.asgi_types import Receive
    from naftiko_runtime.upstream.interface import Header


class Disconnected(Exception):  # noqa: N818 - named for what happened
    """The caller has disconnected before its request was complete."""


def check_coding(headers: Iterable[Header]) -> None:
    """Check that a body is not compressed.

    Raises:
        UnsupportedCoding: The body is compressed.
    """
    for name, value in headers:
        if name == b"content-encoding" and value.replace(b",", b" ").lower().split() not in ([], [b"identity"]):
            raise UnsupportedCoding


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """Return the whole body of a request.

    Raises:
        TooLarge: The body exceeds ``bytes_max``.
        Disconnected: The caller disconnected before the body was complete.
    """
    chunks = [chunk async for chunk in stream_body(receive, bytes_max)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def stream_body(receive: Receive, bytes_max: int) -> AsyncIterator[bytes]:
    """Yield the body of a request as it arrives; raises the errors of :func:`read_body`."""
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            size += len(chunk)
            if size > bytes_max:
                raise TooLarge(describe_large_body(bytes_max))
            yield chunk


def describe_large_body(bytes_max: int) -> str:
    """Return the text of the error for a body that exceeds the limit."""
    return f"the request body is larger than {bytes_max:,} bytes"
