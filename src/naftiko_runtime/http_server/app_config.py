"""The application of a listener."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from naftiko_runtime.asgi_types import App, Scope

HalfClosedSeconds: TypeAlias = Callable[[Scope], float]
"""How many seconds a request continues after its caller has half-closed the connection; 0 to cancel it at once."""
RenderError: TypeAlias = Callable[[int, str, str], tuple[bytes, bytes]]
"""Renders an error response of the server itself: status, code and detail to a content type and a body."""


def render_plain_error(_status: int, _code: str, detail: str) -> tuple[bytes, bytes]:
    """Render an error as plain text."""
    return b"text/plain; charset=utf-8", f"{detail}\n".encode()


class AppConfig(NamedTuple):
    """The application of a listener, and the functions that the server calls for it.

    Attributes:
        app: Responds to requests.
        half_closed_seconds: Called when a caller half-closes the connection while it waits for a response;
            None for the time of the listener's limits.
        render_error: Called for each request that is rejected, and for each unexpected error.
    """

    app: App
    half_closed_seconds: HalfClosedSeconds | None = None
    render_error: RenderError = render_plain_error
