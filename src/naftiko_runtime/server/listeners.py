"""The listeners of a process: one for each port, and that of the control port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.caller_policy import is_loopback
from naftiko_runtime.exposes.mcp.stdio_listener import StdioListener
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import get_port
from naftiko_runtime.http_server.server_limits import ServerLimits
from naftiko_runtime.origin_guard import guard_pages
from naftiko_runtime.problem_details import render_problem
from naftiko_runtime.telemetry.listener_metrics import ListenerMetrics

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from naftiko_runtime.asgi_types import App
    from naftiko_runtime.caller_policy import CallerPolicy
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.stdio_channel import StandardStreams
    from naftiko_runtime.telemetry.metrics import Meter


SERVER_LIMITS: Final = ServerLimits(
    head_bytes_max=limits.REQUEST_HEAD_BYTES_MAX,
    headers_max=limits.REQUEST_HEADERS_MAX,
    requests_waiting_max=limits.REQUESTS_WAITING_MAX,
    buffered_bytes_max=limits.REQUEST_BUFFERED_BYTES_MAX,
    connections_max=limits.CONNECTIONS_MAX,
    connections_refused_max=limits.CONNECTIONS_REFUSED_MAX,
    head_seconds=limits.REQUEST_HEAD_SECONDS,
    body_idle_seconds=limits.REQUEST_BODY_IDLE_SECONDS,
    keep_alive_seconds=limits.KEEP_ALIVE_SECONDS,
    write_stall_seconds=limits.WRITE_STALL_SECONDS,
    half_closed_seconds=limits.HALF_CLOSED_SECONDS,
    refused_seconds=limits.REFUSED_SECONDS,
    last_request_seconds=limits.LAST_REQUEST_SECONDS,
    timer_grace_seconds=limits.TIMER_GRACE_SECONDS,
    late_tick_seconds=limits.LATE_TICK_SECONDS,
)
"""The bounds of every listener of the program."""


def make_listener(listening: socket.socket, app: AppConfig, meter: Meter | None) -> Listener:
    """Return the listener of an application. Without a meter, nothing is counted."""
    metrics = None if meter is None else ListenerMetrics(meter, get_port(listening))
    return Listener(listening, app, SERVER_LIMITS, metrics)


def make_stdio_listener(
    streams: StandardStreams, app: AppConfig, services: AppServices, topic: str, on_end: Callable[[], None]
) -> StdioListener:
    """Return the listener of an application that is served over standard input and output.

    Args:
        streams: The input and output.
        app: The application.
        services: The services of the program.
        topic: The name of the endpoint, by which it tells of changes.
        on_end: Called when the client has gone.
    """
    return StdioListener(streams, app, services, topic, on_end)


def make_control_listener(listening: socket.socket | None, app: App, policy: CallerPolicy) -> Listener | None:
    """Return the listener of the control port, if there is one; nothing is counted there."""
    if listening is None:
        return None
    address = listening.getsockname()[0]
    if is_loopback(address):  # others are asked by addresses that are not known here, such as that of a pod
        app = guard_pages(app, policy, "control", address)
    return Listener(listening, AppConfig(app, render_error=render_problem), SERVER_LIMITS)
