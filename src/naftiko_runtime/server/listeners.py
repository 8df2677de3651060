"""The listeners of a process: one for each port, and that of the control port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import get_port
from naftiko_runtime.problem import render_problem
from naftiko_runtime.telemetry.listener_metrics import ListenerMetrics

if TYPE_CHECKING:
    import socket

    from naftiko_runtime.asgi_types import App
    from naftiko_runtime.telemetry.metrics import Meter


def make_listener(listening: socket.socket, app: AppConfig, meter: Meter | None) -> Listener:
    """Return what accepts connections for an application; without a meter, nothing is counted."""
    return Listener(listening, app, None if meter is None else ListenerMetrics(meter, get_port(listening)))


def make_control_listener(listening: socket.socket | None, app: App) -> Listener | None:
    """Return the listener of the control port, if there is one; nothing is counted there."""
    return None if listening is None else Listener(listening, AppConfig(app, render_error=render_problem))
