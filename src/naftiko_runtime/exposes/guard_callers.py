"""Lets only authenticated callers reach an application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from naftiko_runtime.problem_details import send_verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send
    from naftiko_runtime.authentication.guard import Guard


def guard_callers(app: App, guard: Guard | None) -> App:
    """Return an application that only authenticated callers reach. It is the same one without a guard."""
    if guard is None:
        return app

    def handle(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if (verdict := guard.check(scope)) is not None:
            return send_verdict(send, verdict, partial(app, scope, receive, send))
        return app(scope, receive, send)

    return handle
