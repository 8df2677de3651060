"""A worker: one of several processes that serve the same capabilities, under the control of a supervisor."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import asdict

from naftiko_runtime import limits
from naftiko_runtime.errors import BindError
from naftiko_runtime.exposes.app_services import AppServices, Health
from naftiko_runtime.exposes.cancellable_calls import RunningCalls
from naftiko_runtime.exposes.control.app import make_control_app
from naftiko_runtime.server.deployment import Deployment
from naftiko_runtime.server.lifecycle import Lifecycle
from naftiko_runtime.server.listeners import make_control_listener
from naftiko_runtime.server.process_telemetry import ProcessTelemetry
from naftiko_runtime.server.reloader import DeploymentSwap
from naftiko_runtime.workers.capability_transfer import read_capabilities
from naftiko_runtime.workers.shared_status import WorkerStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from naftiko_runtime.authentication.nonce_cache import NonceCache
    from naftiko_runtime.exposes.cancellable_calls import CallKey
    from naftiko_runtime.http_server.listener import Listener
    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.open_ports import Ports
    from naftiko_runtime.server.program_metrics import ProgramMetrics
    from naftiko_runtime.server.settings import ServerSettings
    from naftiko_runtime.workers.control_channel import ControlChannel, ControlMessage
    from naftiko_runtime.workers.shared_status import SharedStatus

log = logging.getLogger(__name__)

_PROBLEMS_MAX: Final = 4
"""How many problems a worker that cannot start names; together they fit into one message."""
_PROBLEM_TEXT_MAX: Final = 512


class SharedState(NamedTuple):
    """What all workers share. It is created before the first worker."""

    status: SharedStatus
    metrics: ProgramMetrics
    nonces: NonceCache


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """A worker's number, from 0, what it shares with the others, and its end of the channel to the supervisor."""

    number: int
    ports: Ports
    shared: SharedState
    channel: ControlChannel


@dataclass(frozen=True, slots=True)
class WorkerHooks:
    """Functions that are called in each worker.

    Attributes:
        on_fork: Called at the start, with the worker's number, from 1.
        on_receive: Called with the capabilities of a reload, before they are bound.
    """

    on_fork: Callable[[int], None]
    on_receive: Callable[[Sequence[ServedCapability]], None]


async def run_worker(
    context: WorkerContext,
    capabilities: Sequence[ServedCapability],
    settings: ServerSettings,
    on_receive: Callable[[Sequence[ServedCapability]], None],
) -> None:
    """Serve until the supervisor or a signal stops it, or the supervisor has ended.

    Args:
        context: What the supervisor passes to it.
        capabilities: The capabilities to serve.
        settings: The operator's choices.
        on_receive: Called with the capabilities of a reload, before they are bound.
    """
    channel, (status, metrics, nonces) = context.channel, context.shared
    async with AsyncExitStack() as stack:
        try:
            process = ProcessTelemetry(metrics, context.number + 1, settings, capabilities)
            stack.push_async_callback(process.close)
            health = Health(status.is_ready, status.is_live, process.render)
            calls = RunningCalls(_make_canceller(channel))
            services = AppServices(settings.policy, process.observer, health, calls=calls)
            deployment = Deployment(capabilities, settings, services, nonces)
            await deployment.open()
        except BindError as error:
            channel.send("failed", problems=_pack_problems(error))
            return
        by_port = deployment.listen(context.ports.sets[context.number], process.meter)
        listeners = tuple(by_port.values())
        swap = DeploymentSwap(deployment, by_port, settings)
        stack.push_async_callback(swap.close)
        own = WorkerStatus(status, context.number)
        control = make_control_listener(context.ports.control, make_control_app(health), settings.policy)

        def send_heartbeat() -> None:
            own.record_heartbeat()
            process.update()

        lifecycle = Lifecycle(listeners, control, own, settings, send_heartbeat, services.changes.end)
        worker = _Worker(channel, lifecycle, swap, listeners, on_receive, calls)
        loop = asyncio.get_running_loop()
        loop.add_reader(channel.fileno(), worker.on_readable)
        loop.add_signal_handler(signal.SIGTERM, worker.leave)
        try:
            cut_off = await lifecycle.serve_until_stopped(lambda: channel.send("ready"))
        finally:
            loop.remove_reader(channel.fileno())
            await worker.close()
        channel.send("stopped", cut_off=cut_off)


class _Worker:
    """Handles the messages of the supervisor."""

    def __init__(
        self,
        channel: ControlChannel,
        lifecycle: Lifecycle,
        swap: DeploymentSwap,
        listeners: Sequence[Listener],
        on_receive: Callable[[Sequence[ServedCapability]], None],
        calls: RunningCalls,
    ) -> None:
        self._calls = calls
        self._channel = channel
        self._lifecycle = lifecycle
        self._swap = swap
        self._listeners = listeners
        self._on_receive = on_receive
        self._tasks: set[asyncio.Task[None]] = set()
        self._reload_lock = asyncio.Lock()
        self._sockets_lock = asyncio.Lock()
        """Taken in the order of messages, so that a socket is released after it was adopted."""

    def on_readable(self) -> None:
        """Handle one message."""
        try:
            message = self._channel.receive()
        except BlockingIOError:
            return
        if message is not None:
            self._handle(message)
            return
        asyncio.get_running_loop().remove_reader(self._channel.fileno())
        log.warning("the supervisor has ended: stopping")
        self._lifecycle.stop()

    def leave(self) -> None:
        """Stop on a signal to this worker. The supervisor starts another worker."""
        if not self._lifecycle.stopping:
            self._channel.send("leaving")
            self._lifecycle.stop()

    async def close(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _handle(self, message: ControlMessage) -> None:
        match message.kind:
            case "drain":
                self._lifecycle.stop()
            case "force":
                self._lifecycle.stop()
                self._lifecycle.force()
            case "adopt" if message.file is not None:
                listening = socket.socket(fileno=message.file)
                self._start(self._adopt(message.fields["worker"], message.fields["listener"], listening))
            case "release":
                self._start(self._release(message.fields["worker"], message.fields["listener"]))
            case "cancel":
                topic, session, identity = message.fields["call"]
                self._calls.cancel((topic, session, identity))
            case _:
                self._handle_reload(message)

    def _handle_reload(self, message: ControlMessage) -> None:
        match message.kind:
            case "prepare" if message.file is not None:
                self._start(self._prepare(message.fields["reload"], message.file))
            case "prepare":  # the kernel drops what it finds no descriptor for
                reason = "a worker has no file descriptor left to receive the plan"
                self._channel.send("not-prepared", reload=message.fields["reload"], reason=reason)
            case "commit":
                self._channel.send("committed", reload=message.fields["reload"], in_progress=self._swap.commit())
            case "reloaded":
                self._swap.announce()
            case "abort":
                self._start(self._abort())
            case unknown:
                raise AssertionError(unknown)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _adopt(self, worker: int, listener: int, listening: socket.socket) -> None:
        async with self._sockets_lock:
            if self._lifecycle.stopping:
                listening.close()
            else:
                await self._listeners[listener].accept_from(worker, listening)

    async def _release(self, worker: int, listener: int) -> None:
        async with self._sockets_lock:
            self._listeners[listener].stop_accepting_from(worker)

    async def _prepare(self, reload: int, file: int) -> None:
        """Bind the capabilities that the supervisor has loaded."""
        try:
            async with self._reload_lock:
                capabilities = await asyncio.to_thread(read_capabilities, file)
                self._on_receive(capabilities)
                await self._swap.prepare(capabilities)
        except BindError as error:
            self._channel.send("not-prepared", reload=reload, reason=error.reason)
        except Exception as error:  # an internal error, which must not end what is served
            log.exception("reload not prepared")
            self._channel.send("not-prepared", reload=reload, reason=f"an unexpected {type(error).__name__}")
        else:
            log.debug("reload prepared", extra={"reload": reload})
            self._channel.send("prepared", reload=reload)

    async def _abort(self) -> None:
        async with self._reload_lock:
            await self._swap.abort()


def _make_canceller(channel: ControlChannel) -> Callable[[CallKey], None]:
    """Return a function that cancels a call of another worker. Of too many in a second, the later ones are dropped."""
    sent: deque[float] = deque(maxlen=limits.CANCELLATIONS_PER_SECOND_MAX)

    def cancel(key: CallKey) -> None:
        now = time.monotonic()
        if len(sent) < limits.CANCELLATIONS_PER_SECOND_MAX or now - sent[0] >= 1:
            sent.append(now)
            channel.send("cancel", call=key)

    return cancel


def _pack_problems(error: BindError) -> list[dict[str, str | None]]:
    """Return problems as JSON, cut to the size of a message."""
    fields = map(asdict, error.problems[:_PROBLEMS_MAX])
    return [{name: text and text[:_PROBLEM_TEXT_MAX] for name, text in each.items()} for each in fields]
