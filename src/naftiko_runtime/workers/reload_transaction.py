"""One reload of all workers, in two phases: all of them prepare before one of them commits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from naftiko_runtime import limits
from naftiko_runtime.workers.capability_transfer import write_capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.workers.control_channel import ControlChannel, ControlMessage


class ReloadTransaction:
    """The capabilities of one reload, and the progress of each worker.

    Attributes:
        capabilities: The capabilities to serve.
        failure: Why the reload was aborted, or None.
        in_progress: How many requests were in progress when the workers committed.
        deadline_seconds: Until when to wait for workers, in monotonic time.
    """

    def __init__(
        self, number: int, capabilities: Sequence[ServedCapability], workers: Mapping[int, ControlChannel]
    ) -> None:
        self.capabilities = capabilities
        self.failure: str | None = None
        self.in_progress = 0
        self.deadline_seconds = time.monotonic() + limits.RELOAD_SECONDS
        self._number = number
        self._workers = dict(workers)
        self._waiting_for = set(workers)
        self._committed = False
        try:
            with write_capabilities(capabilities) as file:
                missed = self._send("prepare", file)
            if missed:
                names = ", ".join(str(worker + 1) for worker in missed)
                self.abort(f"worker {names} is stuck: its control channel is full")
        except OSError as error:
            self.abort(f"the capabilities cannot be sent to the workers: {error.strerror}")
        self._commit_when_prepared()

    @property
    def done(self) -> bool:
        """Whether all workers have committed, or the reload was aborted."""
        return self.failure is not None or (self._committed and not self._waiting_for)

    @property
    def committed(self) -> bool:
        """Whether it can no longer be aborted."""
        return self._committed

    def on_message(self, worker: int, message: ControlMessage) -> None:
        """Handle a message of a worker. Messages about other reloads are ignored."""
        if self.done or worker not in self._waiting_for or message.fields["reload"] != self._number:
            return
        match message.kind:
            case "prepared":
                self._waiting_for.discard(worker)
            case "not-prepared":
                self.abort(message.fields["reason"])
            case "committed":
                self._waiting_for.discard(worker)
                self.in_progress += message.fields["in_progress"]
        self._commit_when_prepared()

    def on_worker_exit(self, worker: int) -> None:
        """Stop waiting for a worker. Its replacement starts with the current capabilities."""
        self._workers.pop(worker, None)
        self._waiting_for.discard(worker)
        self._commit_when_prepared()

    def expire(self) -> list[int]:
        """End the reload at its deadline: abort it, or return the workers that have not confirmed the commit."""
        if not self._committed:
            names = ", ".join(str(worker + 1) for worker in sorted(self._waiting_for))
            self.abort(f"no response from worker {names}")
            return []
        late, self._waiting_for = sorted(self._waiting_for), set()
        return late

    def abort(self, reason: str) -> None:
        """Tell every worker to discard its prepared deployment."""
        self.failure = reason
        self._send("abort")

    def _commit_when_prepared(self) -> None:
        if not self.done and not self._waiting_for and not self._committed:
            self._committed = True
            self._waiting_for = set(self._workers)
            self._send("commit")

    def _send(self, kind: str, file: int | None = None) -> list[int]:
        """Send a message to all workers. Return those that run, but cannot take it."""
        return [
            worker
            for worker, channel in self._workers.items()
            if not channel.send(kind, file=file, reload=self._number) and not channel.ended
        ]
