"""Calls whose client wants to know how far they are: the response is a stream with progress notifications."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from naftiko_runtime import limits
from naftiko_runtime.engine.progress import PROGRESS

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")
_WAITING_MAX: Final = 64
"""How many notifications wait for a slow client; older ones are dropped."""


class MessageStream(Protocol):
    """Sends messages to a client."""

    async def send_message(self, message: dict[str, Any]) -> None:
        """Send a message."""

    async def send_comment(self) -> None:
        """Show that the stream is still open."""


async def stream_call(call: Awaitable[T], token: int | str, stream: MessageStream) -> T:
    """Run a call and send its progress. Return its response.

    Args:
        call: Returns the response.
        token: The client's name for the progress.
        stream: Sends notifications.
    """
    progress = ProgressNotifications(token)
    sending = asyncio.create_task(progress.send_all(stream))
    listener = PROGRESS.set(progress.add)
    try:
        response = await call
        progress.end()
        await sending
    finally:
        PROGRESS.reset(listener)
        sending.cancel()
    return response


class ProgressNotifications:
    """The progress of one call, as notifications. Each end of a step or page counts one."""

    def __init__(self, token: int | str) -> None:
        self._token = token
        self._count = 0
        self._total: int | None = None
        self._waiting: deque[dict[str, Any]] = deque(maxlen=_WAITING_MAX)
        self._ended = False
        self._woken = asyncio.Event()

    def add(self, message: str, total: int | None) -> None:
        """Note the end of a part. The total is sent while every part is one of it."""
        self._count += 1
        self._total = total if self._count == 1 or total == self._total else None
        params: dict[str, Any] = {"progressToken": self._token, "progress": self._count, "message": message}
        if self._total is not None and self._count <= self._total:
            params["total"] = self._total
        self._waiting.append({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
        self._woken.set()

    def end(self) -> None:
        """Note that the call has ended."""
        self._ended = True
        self._woken.set()

    async def send_all(self, stream: MessageStream) -> None:
        """Send notifications until the call has ended."""
        while True:
            try:
                async with asyncio.timeout(limits.EVENT_STREAM_IDLE_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                await stream.send_comment()
            self._woken.clear()
            while self._waiting:
                await stream.send_message(self._waiting.popleft())
            if self._ended:
                return
