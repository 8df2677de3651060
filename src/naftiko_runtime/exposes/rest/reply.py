"""Sends the response to a REST request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime.send_response import send_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from naftiko_runtime.asgi_types import Send
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.result import OperationResult


_BODYLESS: Final = (204, 205, 304)
_JSON: Final = (b"content-type", b"application/json")


class Reply(Struct, eq=False):
    """Sends one response."""

    _send: Send
    _head: bool
    _consumes_head: bool
    started: bool = False

    def send(self, result: OperationResult, exchange: Exchange) -> Awaitable[None]:
        """Send a mapped response as JSON, and any other response as the upstream sends it."""
        if result.is_mapped:
            return send_whole(self._send, result.status, [*result.headers, _JSON], result.encode_json())
        if result.held is not None:
            return send_whole(self._send, result.status, result.headers, result.held)
        return self._stream(result, exchange)

    async def _stream(self, result: OperationResult, exchange: Exchange) -> None:
        bodyless = self._head or self._consumes_head or result.status in _BODYLESS
        headers = result.headers
        if bodyless and not self._head:  # a length would promise what does not come; only HEAD may tell it
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        response = result.response
        whole = b"" if bodyless else response.read_whole()
        self.started = True
        await self._send({"type": "http.response.start", "status": result.status, "headers": headers})
        if whole is not None:
            await self._send({"type": "http.response.body", "body": whole})
            return
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})  # the head, at once
        finished = False
        async for chunk in response.iter_chunks():
            finished = response.is_complete()
            exchange.await_caller()
            await self._send({"type": "http.response.body", "body": chunk, "more_body": not finished})
            exchange.await_upstream()
        if not finished:
            await self._send({"type": "http.response.body", "body": b""})
