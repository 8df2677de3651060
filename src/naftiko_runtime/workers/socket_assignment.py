"""Assigns sockets to workers. If a worker is missing, another one accepts from its sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.server.open_ports import Ports
    from naftiko_runtime.workers.worker_handle import WorkerHandle


class SocketAssignment:
    """Which worker accepts from which sockets. The kernel uses all sockets, so each one needs a worker."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._acceptors: dict[tuple[int, int], int | None] = {
            (owner, index): owner for owner, sockets in enumerate(ports.sets) for index in range(len(sockets))
        }
        """By a socket's owner and its index: the worker that accepts from it, or will once it has started."""

    def remove(self, gone: int) -> None:
        """Record that a worker does not accept any more."""
        for place, acceptor in self._acceptors.items():
            if acceptor == gone:
                self._acceptors[place] = None

    def assign(self, workers: Mapping[int, WorkerHandle]) -> bool:
        """Let ready workers accept from their own sockets, and from those of workers that are not ready.

        Returns:
            Whether all messages were sent. If not, call it again later: some workers do not read their messages.
        """
        ready = {number: worker for number, worker in workers.items() if worker.ready}
        sent = [self._assign(place, ready) for place, acceptor in self._acceptors.items() if acceptor != place[0]]
        return all(sent)

    def _assign(self, place: tuple[int, int], ready: Mapping[int, WorkerHandle]) -> bool:
        owner, index = place
        acceptor = self._acceptors[place]
        if owner in ready:  # a worker accepts from its own sockets from its start on
            stand_in = None if acceptor is None else ready.get(acceptor)
            if stand_in is not None and not stand_in.channel.send("release", worker=owner, listener=index):
                return False
            self._acceptors[place] = owner
            return True
        if acceptor is not None or not ready:
            return True
        file = list(self._ports.sets[owner].values())[index].fileno()
        for number, worker in ready.items():
            if worker.channel.send("adopt", file=file, worker=owner, listener=index):
                self._acceptors[place] = number
                return True
        return False
