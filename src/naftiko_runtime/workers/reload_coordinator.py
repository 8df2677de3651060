"""Reloads all workers: loads the documents once more for all of them, and runs one transaction at a time."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError
from naftiko_runtime.server.open_ports import check_same_ports
from naftiko_runtime.server.reloader import log_reloaded
from naftiko_runtime.workers.fork import freeze_heap
from naftiko_runtime.workers.reload_transaction import ReloadTransaction
from naftiko_runtime.workers.signal_pipe import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.server.capability_to_serve import LoadCapabilities, ServedCapability
    from naftiko_runtime.workers.control_channel import ControlMessage
    from naftiko_runtime.workers.signal_pipe import SignalPipe
    from naftiko_runtime.workers.worker_handle import WorkerHandle

log = logging.getLogger(__name__)


class ReloadCoordinator:
    """The served capabilities, and the reload that is requested or in progress.

    Attributes:
        capabilities: The capabilities that workers serve.
    """

    def __init__(
        self,
        capabilities: Sequence[ServedCapability],
        load: LoadCapabilities,
        signals: SignalPipe,
        count: Callable[[str], None],
    ) -> None:
        self.capabilities = capabilities
        self._load = load
        self._signals = signals
        self._count = count
        self._requested = False
        self._transaction: ReloadTransaction | None = None
        self._transactions = 0

    @property
    def deadline_seconds(self) -> float | None:
        """The deadline of the reload in progress, in monotonic seconds. None without a reload."""
        return None if self._transaction is None else self._transaction.deadline_seconds

    def request(self) -> None:
        """Reload as soon as possible."""
        self._requested = True

    def cancel(self) -> None:
        """Abort the reload in progress, unless workers commit it already, and forget the requested one."""
        if self._transaction is not None and not self._transaction.committed:
            self._transaction.abort("stopping")
        self._transaction, self._requested = None, False

    def on_message(self, worker: int, message: ControlMessage) -> None:
        """Handle a message of a worker about a reload."""
        if self._transaction is not None:
            self._transaction.on_message(worker, message)

    def on_worker_exit(self, worker: int) -> None:
        """Stop waiting for a worker."""
        if self._transaction is not None:
            self._transaction.on_worker_exit(worker)

    def advance(self, workers: Mapping[int, WorkerHandle]) -> None:
        """Finish the reload in progress if it is done; start the requested one if no worker is starting."""
        if self._transaction is not None:
            self._finish(self._transaction, workers)
        starting = any(not (worker.ready or worker.leaving) for worker in workers.values())
        if self._transaction is None and self._requested and not starting:
            self._requested = False
            self._start(workers)

    def _start(self, workers: Mapping[int, WorkerHandle]) -> None:
        try:
            capabilities = self._signals.run_interruptible(self._load)
            check_same_ports(self.capabilities, capabilities)
            self._transactions += 1
            ready = {number: worker.channel for number, worker in workers.items() if worker.ready}
            self._transaction = ReloadTransaction(self._transactions, capabilities, ready)
        except BindError as error:
            self._fail(error.reason)
        except Interrupted:
            return
        except Exception:  # an internal error, which must not end what is served
            self._count("failed")
            log.exception("not reloaded")
        else:
            self._finish(self._transaction, workers)

    def _finish(self, transaction: ReloadTransaction, workers: Mapping[int, WorkerHandle]) -> None:
        if not transaction.done and transaction.deadline_seconds <= time.monotonic():
            for number in transaction.expire():
                workers[number].deadline_seconds = 0.0
        if not transaction.done:
            return
        self._transaction = None
        if transaction.failure is None:
            self.capabilities = transaction.capabilities
            freeze_heap()
            for worker in workers.values():
                worker.channel.send("reloaded")
            self._count("reloaded")
            log_reloaded(transaction.capabilities, transaction.in_progress)
        else:
            self._fail(transaction.failure)

    def _fail(self, reason: str) -> None:
        self._count("failed")
        log.error("not reloaded", extra={"reason": reason})
