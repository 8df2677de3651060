"""Serves capabilities in this one process until a signal stops it."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from naftiko_runtime.exposes.app_services import AppServices, Health
from naftiko_runtime.exposes.control.app import make_control_app
from naftiko_runtime.server.deployment import Deployment
from naftiko_runtime.server.lifecycle import Lifecycle
from naftiko_runtime.server.listeners import make_control_listener
from naftiko_runtime.server.open_ports import OpenPort, Ports
from naftiko_runtime.server.process_telemetry import ProcessTelemetry
from naftiko_runtime.server.program_metrics import ProgramMetrics, make_reload_counter
from naftiko_runtime.server.reloader import DeploymentSwap, Reloader
from naftiko_runtime.server.signals import SIGHUP, SignalPolicy, handle_signals
from naftiko_runtime.startup_signals import take_hangup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.exposes.mcp.stdio_listener import StdioListener
    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.link.check_shared_ports import PortKey
    from naftiko_runtime.server.capability_to_serve import LoadCapabilities, ServedCapability
    from naftiko_runtime.server.settings import ServerSettings
    from naftiko_runtime.stdio_channel import StandardStreams

log = logging.getLogger(__name__)


async def serve(
    capabilities: Sequence[ServedCapability],
    settings: ServerSettings,
    on_start: Callable[[Sequence[OpenPort]], None],
    load: LoadCapabilities,
    streams: StandardStreams | None = None,
) -> int:
    """Serve capabilities until SIGTERM, SIGINT or the end of standard input, then drain. SIGHUP reloads them.

    Args:
        capabilities: The capabilities to serve.
        settings: The operator's choices.
        on_start: Called once, when every listener accepts connections.
        load: Loads the documents and their variables; called in a thread to reload.
        streams: Standard input and output, if a server uses them.

    Returns:
        How many requests were cut off.

    Raises:
        ListenError: A port cannot be opened. Nothing was started.
        BindError: A secret cannot be sent at its place.
    """
    ports = Ports.open(capabilities, settings)
    async with AsyncExitStack() as stack:
        stack.callback(ports.close)
        metrics = ProgramMetrics(settings)
        process = ProcessTelemetry(metrics, 1, settings, capabilities)
        stack.push_async_callback(process.close)
        ready = asyncio.Event()
        health = Health(ready.is_set, render_metrics=process.render)
        services = AppServices(settings.policy, process.observer, health)
        deployment = Deployment(capabilities, settings, services)
        await deployment.open()
        gc.freeze()  # what is loaded stays: no collection has to look at it again

        def stop() -> None:
            lifecycle.stop()

        listeners: dict[PortKey, Listener | StdioListener] = {**deployment.listen(ports.sets[0], process.meter)}
        if streams is not None:
            listeners |= deployment.listen_to_stdio(streams, stop)
        control = make_control_listener(ports.control, make_control_app(health), settings.policy)
        swap = DeploymentSwap(deployment, listeners, settings)
        reloader = Reloader(swap, capabilities, load, make_reload_counter(metrics.open_parent_meter()))
        stack.push_async_callback(reloader.close)
        lifecycle = Lifecycle(tuple(listeners.values()), control, ready, settings, process.update, services.changes.end)
        policy = SignalPolicy(lifecycle.stop, lifecycle.force, reloader.request, settings.grace_seconds)

        def on_started() -> None:
            on_start(ports.opened)
            if SIGHUP is not None and take_hangup():
                policy.handle(SIGHUP)

        with handle_signals(policy):
            cut_off = await lifecycle.serve_until_stopped(on_started)
    log_stopped(cut_off)
    return cut_off


def log_stopped(cut_off: int) -> None:
    """Log the last line of a run."""
    log.log(logging.WARNING if cut_off else logging.INFO, "stopped", extra={"cut_off": cut_off})
