"""Writes the answer to a REST request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime.send_response import send_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from naftiko_runtime.asgi import Send
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.response import Answer


_BODYLESS: Final = (204, 205, 304)
_JSON: Final = (b"content-type", b"application/json")


class Reply(Struct, eq=False):
    """Writes one answer."""

    _send: Send
    _head: bool
    _consumes_head: bool
    started: bool = False

    def send(self, answer: Answer, exchange: Exchange) -> Awaitable[None]:
        """Send an answer: what was mapped as JSON, anything else as it comes from the upstream."""
        if answer.is_mapped:
            return send_whole(self._send, answer.status, [*answer.headers, _JSON], answer.encode_json())
        if answer.held is not None:
            return send_whole(self._send, answer.status, answer.headers, answer.held)
        return self._stream(answer, exchange)

    async def _stream(self, answer: Answer, exchange: Exchange) -> None:
        bodyless = self._head or self._consumes_head or answer.status in _BODYLESS
        headers = answer.headers
        if bodyless and not self._head:  # a length would promise what does not come; only HEAD may tell it
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        response = answer.response
        whole = b"" if bodyless else response.whole()
        self.started = True
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if whole is not None:
            await self._send({"type": "http.response.body", "body": whole})
            return
        await self._send({"type": "http.response.body", "body": b"", "more_body": True})  # the head, at once
        finished = False
        async for chunk in response.chunks():
            finished = response.finished()
            exchange.await_caller()
            await self._send({"type": "http.response.body", "body": chunk, "more_body": not finished})
            exchange.await_upstream()
        if not finished:
            await self._send({"type": "http.response.body", "body": b""})
