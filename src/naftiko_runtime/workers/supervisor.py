"""The supervisor: opens the ports, and starts, replaces and stops workers.

It has no event loop and no thread, so it can fork at any time. See docs/adr/0010-workers.md.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.authentication.nonce_cache import NonceCache
from naftiko_runtime.errors import BindError, Problem
from naftiko_runtime.server.lifecycle import ABORT_SECONDS
from naftiko_runtime.server.open_ports import Ports
from naftiko_runtime.server.program_metrics import ProgramMetrics, make_reload_counter, make_start_counter
from naftiko_runtime.server.serve import log_stopped
from naftiko_runtime.server.signals import SignalPolicy
from naftiko_runtime.startup_signals import take_hangup
from naftiko_runtime.workers.control_channel import ControlChannel
from naftiko_runtime.workers.fork import fork_worker, freeze_heap
from naftiko_runtime.workers.reload_coordinator import ReloadCoordinator
from naftiko_runtime.workers.restart_schedule import RestartSchedule
from naftiko_runtime.workers.shared_status import SharedStatus
from naftiko_runtime.workers.signal_pipe import SignalPipe
from naftiko_runtime.workers.socket_assignment import SocketAssignment
from naftiko_runtime.workers.worker import SharedState, WorkerContext, WorkerHooks, run_worker
from naftiko_runtime.workers.worker_handle import WorkerError, WorkerHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from naftiko_runtime.server.capability_to_serve import LoadCapabilities, ServedCapability
    from naftiko_runtime.server.open_ports import OpenPort
    from naftiko_runtime.server.settings import ServerSettings

log = logging.getLogger(__name__)
_ASSIGN_AGAIN_SECONDS: Final = 1.0


def serve_with_workers(
    capabilities: Sequence[ServedCapability],
    settings: ServerSettings,
    on_start: Callable[[Sequence[OpenPort]], None],
    load: LoadCapabilities,
    hooks: WorkerHooks,
) -> int:
    """Serve capabilities by several workers until SIGTERM or SIGINT, then drain. SIGHUP reloads them.

    Args:
        capabilities: The capabilities to serve.
        settings: The operator's choices.
        on_start: Called once, when every worker accepts connections.
        load: Loads the documents and their variables, for a reload of all workers.
        hooks: Functions that are called in each worker.

    Returns:
        How many requests were cut off, as far as is known.

    Raises:
        ListenError: A port cannot be opened; nothing was started.
        BindError: A secret cannot be sent at its place.
        WorkerError: The workers exit before they serve.
    """
    ports = Ports.open(capabilities, settings)
    try:
        supervisor = Supervisor(capabilities, settings, ports, load, hooks)
        return supervisor.run(lambda: on_start(ports.opened))
    finally:
        ports.close()


class _Phase(Enum):
    STARTING = auto()
    SERVING = auto()
    STOPPING = auto()


class Supervisor:
    """The parent process of the workers."""

    def __init__(
        self,
        capabilities: Sequence[ServedCapability],
        settings: ServerSettings,
        ports: Ports,
        load: LoadCapabilities,
        hooks: WorkerHooks,
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._hooks = hooks
        self._shared = SharedState(SharedStatus(settings.workers), ProgramMetrics(settings), NonceCache())
        meter = self._shared.metrics.open_parent_meter()
        self._count_start = make_start_counter(meter)
        self._selector = selectors.DefaultSelector()
        self._signals = SignalPipe()
        self._reloads = ReloadCoordinator(capabilities, load, self._signals, make_reload_counter(meter))
        self._workers: dict[int, WorkerHandle] = {}
        self._restarts = RestartSchedule(settings.workers)
        self._sockets = SocketAssignment(ports)
        self._assign_again_seconds = float("inf")
        self._phase = _Phase.STARTING
        self._failure: Exception | None = None
        self._cut_off = 0

    def run(self, on_start: Callable[[], None]) -> int:
        """Serve until a signal; returns the number of requests that were cut off, as far as is known."""
        freeze_heap()
        self._selector.register(self._signals, selectors.EVENT_READ, self._signals.drain)
        try:
            with self._signals.install():
                self._run_loop(on_start)
        finally:
            self._close_own_files()
        if self._failure is not None:
            raise self._failure
        log_stopped(self._cut_off)
        return self._cut_off

    def _run_loop(self, on_start: Callable[[], None]) -> None:
        policy = SignalPolicy(self._stop, self._force, self._request_reload, self._settings.grace_seconds)
        while self._workers or not self._restarts.is_empty:
            self._start_missing()
            if self._phase is _Phase.STOPPING and not self._workers:  # none could be started: nothing would wake it
                break
            for key, _ in self._selector.select(self._compute_timeout_seconds()):
                key.data()
            self._reap_workers()
            self._assign_sockets()
            for number in self._signals.take_pending():
                policy.handle(number)
            if self._phase is _Phase.STARTING and self._are_all_ready():
                self._phase = _Phase.SERVING
                on_start()
                if take_hangup():
                    policy.handle(signal.SIGHUP)
            self._reloads.advance(self._workers)
            self._kill_late()

    def _are_all_ready(self) -> bool:
        return self._restarts.is_empty and all(worker.ready for worker in self._workers.values())

    def _compute_timeout_seconds(self) -> float | None:
        """Return how long to wait for events; None when nothing else is due."""
        reload_deadline = self._reloads.deadline_seconds
        due = self._restarts.next_seconds if reload_deadline is None else reload_deadline
        deadlines = (worker.deadline_seconds for worker in self._workers.values())
        soonest = min([due, self._assign_again_seconds, *deadlines])
        return None if soonest == float("inf") else max(0.0, soonest - time.monotonic())

    # -- stopping -----------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Clear readiness for all workers. Then each one drains as a single process does."""
        self._phase = _Phase.STOPPING
        self._shared.status.set_stopping()
        self._restarts.clear()
        self._ports.close()
        self._reloads.cancel()
        self._send_all("drain", self._drain_deadline())

    def _force(self) -> None:
        self._send_all("force", self._drain_deadline(waiting=False))

    def _fail(self, failure: Exception) -> None:
        self._failure = failure
        self._stop()
        self._force()

    def _drain_deadline(self, *, waiting: bool = True) -> float:
        """Return the time at which a worker must have exited if it begins to drain now."""
        linger = self._settings.linger_seconds if self._settings.control else 0.0
        waits = linger + self._settings.grace_seconds if waiting else 0.0
        return time.monotonic() + waits + ABORT_SECONDS + limits.WORKER_END_SECONDS

    def _send_all(self, kind: str, deadline_seconds: float) -> None:
        for worker in self._workers.values():
            worker.deadline_seconds = deadline_seconds
            worker.channel.send(kind)

    def _kill_late(self) -> None:
        now = time.monotonic()
        for worker in self._workers.values():
            if worker.deadline_seconds <= now:
                log.error("worker does not respond", extra=worker.log_fields)
                worker.deadline_seconds = float("inf")
                os.kill(worker.pid, signal.SIGKILL)

    def _request_reload(self) -> None:
        if self._phase is not _Phase.STOPPING:
            self._reloads.request()

    # -- starting -----------------------------------------------------------------------------------------------------

    def _start_missing(self) -> None:
        if self._reloads.deadline_seconds is not None:  # a worker would start with what is replaced in a moment
            return
        for number in self._restarts.take_due():
            if self._phase is not _Phase.STOPPING:  # as when the one before could not be started
                self._start(number)

    def _start(self, number: int) -> None:
        try:
            own, workers_end = ControlChannel.open_pair()
            pid = fork_worker(lambda: self._run_worker(number, own, workers_end))
        except OSError as error:  # too many processes or open files
            self._on_start_failure(number, error)
            return
        workers_end.close()
        now = time.monotonic()
        worker = WorkerHandle(number, pid, own, now, now + limits.WORKER_START_SECONDS)
        self._workers[number] = worker
        self._selector.register(own, selectors.EVENT_READ, lambda: self._on_message(worker))

    def _on_start_failure(self, number: int, error: OSError) -> None:
        reason = os.strerror(error.errno or 0)
        if self._phase is _Phase.SERVING and self._workers:
            pause = self._restarts.add(number)
            log.error("worker not started", extra={"worker": number + 1, "reason": reason, "restart_seconds": pause})
        else:
            self._fail(WorkerError(f"worker {number + 1} cannot be started: {reason}"))

    def _run_worker(
        self, number: int, parents_end: ControlChannel, own: ControlChannel
    ) -> Coroutine[object, object, None]:
        """Close the files of the parent, and serve. Runs in the worker."""
        self._hooks.on_fork(number + 1)
        self._close_own_files()
        parents_end.close()
        self._ports.close(but=number)
        context = WorkerContext(number, self._ports, self._shared, own)
        return run_worker(context, self._reloads.capabilities, self._settings, self._hooks.on_receive)

    def _close_own_files(self) -> None:
        """Close the files that only the supervisor needs, without a message to the workers."""
        self._selector.close()
        self._signals.close()
        for worker in self._workers.values():
            worker.channel.close()

    # -- messages of workers ------------------------------------------------------------------------------------------

    def _on_message(self, worker: WorkerHandle) -> None:
        message = worker.channel.receive()
        if message is None:
            self._on_hang_up(worker)
            return
        match message.kind:
            case "ready":
                self._on_ready(worker)
            case "failed":
                worker.startup_error = BindError(Problem(**each) for each in message.fields["problems"])
            case "leaving":
                worker.leaving, worker.ready = True, False
                if self._phase is not _Phase.STOPPING:
                    worker.deadline_seconds = self._drain_deadline()
                    self._sockets.remove(worker.number)
            case "stopped":
                worker.cut_off = message.fields["cut_off"]
            case "cancel":
                for other in self._workers.values():
                    if other is not worker:
                        other.channel.send("cancel", call=message.fields["call"])
            case _:
                self._reloads.on_message(worker.number, message)

    def _on_ready(self, worker: WorkerHandle) -> None:
        worker.ready = True
        if self._phase is not _Phase.STOPPING:
            worker.deadline_seconds = float("inf")
        self._count_start()
        log.info("worker started", extra=worker.log_fields)

    def _on_hang_up(self, worker: WorkerHandle) -> None:
        """Let other workers take over from a worker that is exiting. It may still write log lines."""
        self._selector.unregister(worker.channel)
        worker.ending, worker.leaving, worker.ready = True, worker.leaving or worker.ready, False
        worker.deadline_seconds = min(worker.deadline_seconds, time.monotonic() + limits.WORKER_END_SECONDS)
        self._shared.status.set_ready(worker.number, ready=False)
        self._reloads.on_worker_exit(worker.number)
        self._sockets.remove(worker.number)

    def _reap_workers(self) -> None:
        """Handle the exit of every worker whose process has ended."""
        for worker in [worker for worker in self._workers.values() if worker.ending]:
            pid, wait_status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._on_exit(worker, os.waitstatus_to_exitcode(wait_status))

    def _on_exit(self, worker: WorkerHandle, status: int) -> None:
        worker.channel.close()
        del self._workers[worker.number]
        if self._phase is not _Phase.STOPPING:
            self._replace(worker, status)
        elif self._failure is None:
            if worker.cut_off is None:
                log.warning("worker ended", extra=worker.log_fields | {"status": status})
            self._cut_off += 1 if worker.cut_off is None else worker.cut_off

    def _assign_sockets(self) -> None:
        assigned = self._phase is _Phase.STOPPING or self._sockets.assign(self._workers)
        self._assign_again_seconds = float("inf") if assigned else time.monotonic() + _ASSIGN_AGAIN_SECONDS

    def _replace(self, worker: WorkerHandle, status: int) -> None:
        """Schedule a replacement. Fail if no worker serves and none can start."""
        has_served = worker.ready or worker.leaving
        if not has_served and not (self._phase is _Phase.SERVING and self._workers):
            self._fail(worker.make_startup_error(status))
            return
        stable = has_served and time.monotonic() - worker.started_seconds >= limits.WORKER_STEADY_SECONDS
        fields = worker.log_fields | {
            "status": status,
            "restart_seconds": self._restarts.add(worker.number, was_stable=stable),
        }
        if worker.startup_error is not None:
            fields["reason"] = worker.startup_error.reason
        log.warning("worker ended", extra=fields)
