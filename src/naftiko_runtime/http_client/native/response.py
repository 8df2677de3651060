"""A response whose head has arrived, and the end of its exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.native.states import COMPLETE, FAILED

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.http_client.native.connection import ClientConnection
    from naftiko_runtime.http_client.native.pool import Pool
    from naftiko_runtime.http_client.native.response_reader import ResponseReader
    from naftiko_runtime.http_client.routes import UpstreamRoute
    from naftiko_runtime.upstream.interface import Header


class NativeResponse:
    """A response whose head has arrived: see :class:`~naftiko_runtime.upstream.interface.UpstreamResponse`."""

    __slots__ = ("_connection", "_is_claimed", "_pool", "_route", "_writing", "headers", "status")

    headers: Sequence[Header]
    status: int

    def __init__(
        self, connection: ClientConnection, pool: Pool, route: UpstreamRoute, writing: asyncio.Task[None] | None
    ) -> None:
        self._connection: ClientConnection | None = connection
        self._pool = pool
        self._route = route
        self._writing = writing
        self._is_claimed = False
        self.status = connection.response.status
        self.headers = connection.response.headers

    def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        if self._is_claimed:
            raise RuntimeError("a body can be read only once")
        self._is_claimed = True
        return self._read()

    def read_whole(self) -> bytes | None:
        """Return the whole body if it has arrived, otherwise None."""
        if self._is_claimed:
            raise RuntimeError("a body can be read only once")
        response = self._get_reader()
        if response.state != COMPLETE:
            return None
        self._is_claimed = True
        return response.body.take_all()

    async def _read(self) -> AsyncIterator[bytes]:
        while True:
            response = self._get_reader()
            if response.body.pieces:
                yield response.body.take()
            elif response.state == COMPLETE:
                return
            elif response.state == FAILED:
                raise failures.make_unreachable(self._route, failures.BROKEN_OFF)
            else:
                await response.change()

    def is_complete(self) -> bool:
        """Return whether the whole body has arrived and was taken."""
        response = self._get_reader()
        return response.state == COMPLETE and not response.body.pieces

    def _get_reader(self) -> ResponseReader:
        if self._connection is None:
            raise RuntimeError("the response is closed, and its connection may carry another one")
        return self._connection.response

    async def close(self) -> None:
        """Give the connection back, or close it if the request or the response is not complete.

        Afterwards this response has no connection. Closing it again does nothing.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._writing is not None and not self._writing.done():
            self._writing.cancel()
            connection.close()
        self._pool.give_back(connection)
