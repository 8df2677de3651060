"""What answers on a listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from naftiko_runtime import limits

if TYPE_CHECKING:
    from naftiko_runtime.asgi import App
    from naftiko_runtime.telemetry.server import PortInstrumentation


class AppConfig(NamedTuple):
    """The application of a listener, what observes its requests, and how long a half-closed caller may wait."""

    app: App
    observer: PortInstrumentation | None = None
    half_closed_seconds: float = limits.HALF_CLOSED_SECONDS
