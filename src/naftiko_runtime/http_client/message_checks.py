"""Checks of requests and responses that both clients share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.upstream.interface import Header

METHODS_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""For every other method, a request without a body says ``content-length: 0``."""

STATUSES: Final = range(200, 600)
"""Statuses of final responses; interim ones (1xx) are skipped."""

_CONTROLS: Final = bytes({*range(32), 127} - {9})


def is_valid_response(status: int, headers: Sequence[Header]) -> bool:
    """Return whether a response that a library accepted is valid HTTP and can be passed on."""
    values = b"".join([value for _, value in headers])
    return status in STATUSES and len(values.translate(None, _CONTROLS)) == len(values)


def drop_undecodable_headers(headers: Sequence[Header]) -> Sequence[Header]:
    """Return the headers without those whose value is not UTF-8: callers send some, and no upstream can read them."""
    if b"".join([value for _, value in headers]).isascii():
        return headers
    return [(name, value) for name, value in headers if _is_utf8(value)]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


class Upload:
    """A streamed body that keeps the error it raised, which libraries report as a failure of the connection."""

    __slots__ = ("_body", "error")

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self.error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._body:
                if chunk:
                    yield chunk
        except Exception as error:
            self.error = error
            raise
