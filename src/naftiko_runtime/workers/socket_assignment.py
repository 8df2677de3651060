"""Which worker accepts from which sockets: while a worker is missing, another one accepts from its sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from naftiko_runtime.server.ports import Ports
    from naftiko_runtime.workers.worker_handle import WorkerHandle


class SocketAssignment:
    """The kernel divides new connections among the sockets of all workers, so none may be without one that accepts."""

    def __init__(self, ports: Ports, workers: int) -> None:
        self._ports = ports
        self._acceptor: dict[int, int | None] = dict.fromkeys(range(workers))
        """By worker, which worker accepts from its sockets."""

    def take_own(self, worker: WorkerHandle, workers: Mapping[int, WorkerHandle]) -> None:
        """Let a worker that is ready accept from its own sockets, instead of its stand-in."""
        stand_in = self._acceptor[worker.number]
        if stand_in is not None:
            workers[stand_in].channel.send("release", worker=worker.number)
        self._acceptor[worker.number] = worker.number

    def adopt_unattended(self, worker: WorkerHandle) -> None:
        """Let a worker accept from all sockets that no worker accepts from."""
        for number, acceptor in self._acceptor.items():
            if acceptor is None:
                self._adopt(number, worker)

    def leave(self, leaving: int, workers: Iterable[WorkerHandle]) -> None:
        """Let one of the workers that are ready accept in place of one that does not any more."""
        heir = next((worker for worker in workers if worker.ready and worker.number != leaving), None)
        for number, acceptor in self._acceptor.items():
            if acceptor == leaving:
                self._acceptor[number] = None
                if heir is not None:
                    self._adopt(number, heir)

    def _adopt(self, number: int, heir: WorkerHandle) -> None:
        self._acceptor[number] = heir.number
        for index, listening in enumerate(self._ports.sets[number].values()):
            heir.channel.send("adopt", file=listening.fileno(), worker=number, listener=index)
