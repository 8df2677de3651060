"""Handles the requests of a route that needs scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.problem_details import send_refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.authentication.guard import Guard


class ScopedHandler:
    """Passes the requests of callers with certain scopes to a handler."""

    def __init__(
        self,
        handle: Callable[[Scope, Receive, Send, dict[str, str]], Awaitable[None]],
        guard: Guard,
        needed: tuple[str, ...],
    ) -> None:
        self._handle = handle
        self._guard = guard
        self._needed = needed

    def __call__(self, scope: Scope, receive: Receive, send: Send, found: dict[str, str]) -> Awaitable[None]:
        """Handle a request, or respond with 403 and the scopes that it needs."""
        if (refusal := self._guard.check_scopes(scope, self._needed)) is not None:
            return send_refusal(send, refusal)
        return self._handle(scope, receive, send, found)
