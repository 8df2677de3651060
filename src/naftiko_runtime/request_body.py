"""Reads the body of an ASGI request, within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.errors import TooLarge, UnsupportedCoding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from naftiko_runtime.asgi import Receive
    from naftiko_runtime.transport.base import Header


class Disconnected(Exception):  # noqa: N818 - named for what happened
    """The caller is gone; nobody waits for an answer."""


def check_coding(headers: Iterable[Header]) -> None:
    """Refuse a request whose body is not plain, where it has to be read.

    Raises:
        UnsupportedCoding: It is compressed.
    """
    for name, value in headers:
        if name == b"content-encoding" and value.replace(b",", b" ").lower().split() not in ([], [b"identity"]):
            raise UnsupportedCoding


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """A request's whole body.

    Raises:
        TooLarge: It exceeds the limit.
        Disconnected: The caller went away before it was complete.
    """
    chunks = [chunk async for chunk in stream_body(receive, bytes_max)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def stream_body(receive: Receive, bytes_max: int) -> AsyncIterator[bytes]:
    """A request's body as it arrives; errors as for :func:`read_body`."""
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
                raise TooLarge(too_large(bytes_max))
            yield chunk


def too_large(bytes_max: int) -> str:
    """What to tell a caller whose body exceeds the limit."""
    return f"the request's body is larger than {bytes_max:,} bytes"
