"""The calls of clients with a handshake, so that another message can cancel them."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
_SESSION_BYTES: Final = 24
_SESSION_CHARACTERS_MAX: Final = 200
_IDENTITY_CHARACTERS_MAX: Final = 200

CallKey: TypeAlias = tuple[str, str, int | str]
"""The endpoint with its caller, the session that the client was given, and the id of its request."""


def make_session_id() -> bytes:
    """Return an id that nobody can guess. It is not stored: it only tells the calls of clients apart."""
    return secrets.token_urlsafe(_SESSION_BYTES).encode()


def make_call_key(topic: str, session: bytes | None, identity: int | str) -> CallKey | None:
    """Return the key of a call; None if it cannot be cancelled: without a session, ids are not unique."""
    if session is None or len(session) > _SESSION_CHARACTERS_MAX or len(str(identity)) > _IDENTITY_CHARACTERS_MAX:
        return None
    return topic, session.decode("latin-1"), identity


class CancelledByClientError(Exception):
    """The client has cancelled the call. It expects no response."""


class RunningCalls:
    """The calls of this process that a message can cancel."""

    def __init__(self, cancel_elsewhere: Callable[[CallKey], None] = lambda _key: None) -> None:
        """Begin without calls.

        Args:
            cancel_elsewhere: Cancels a call that another process of the program may run.
        """
        self._cancel_elsewhere = cancel_elsewhere
        self._tasks: dict[CallKey, asyncio.Task[Any]] = {}
        self._cancelled: set[asyncio.Task[Any]] = set()

    async def run(self, key: CallKey, call: Awaitable[T]) -> T:
        """Run a call in the current task, and return its result.

        Raises:
            CancelledByClientError: Its client has cancelled it.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks[key] = task
        try:
            return await call
        except asyncio.CancelledError:
            if task in self._cancelled and task.uncancel() == 0:
                raise CancelledByClientError from None
            raise
        finally:
            self._cancelled.discard(task)
            if self._tasks.get(key) is task:
                del self._tasks[key]

    def request_cancel(self, key: CallKey) -> None:
        """Cancel a call, whichever process of the program runs it."""
        if not self.cancel(key):
            self._cancel_elsewhere(key)

    def cancel(self, key: CallKey) -> bool:
        """Cancel a call of this process; return whether there is one. One that has ended is ignored."""
        task = self._tasks.get(key)
        if task is None:
            return False
        if task not in self._cancelled:
            self._cancelled.add(task)
            task.cancel()
        return True
