"""Which worker accepts from which sockets."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.server.ports import Ports
from naftiko_runtime.workers.control_channel import ControlChannel
from naftiko_runtime.workers.socket_assignment import SocketAssignment
from naftiko_runtime.workers.worker_handle import WorkerHandle
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 3


class Crew:
    """Workers with two sockets each, and what they are told."""

    def __init__(self) -> None:
        exposes = [make_rest_expose(port=0), make_rest_expose(port=0) | {"namespace": "more"}]
        keys = group_by_port(link_plan(make_document(exposes=exposes)).servers, lambda server: server)
        self.ports = Ports(tuple({key: socket.socket() for key in keys} for _ in range(WORKERS)), None, ())
        self.sockets = SocketAssignment(self.ports)
        self.ends: list[ControlChannel] = []
        self.workers: dict[int, WorkerHandle] = {}
        for number in range(WORKERS):
            self.start(number)
        assert self.sockets.assign(self.workers)

    def start(self, number: int) -> None:
        ours, theirs = ControlChannel.open_pair()
        self.ends[number:] = [theirs, *self.ends[number + 1 :]]
        self.workers[number] = WorkerHandle(number, 0, ours, 0.0, float("inf"), ready=True)

    def end(self, number: int) -> None:
        self.workers.pop(number).channel.close()
        self.ends[number].close()
        self.sockets.remove(number)

    def told(self, number: int) -> list[tuple[str, int, int]]:
        """Kind, worker and listener of the messages to a worker."""
        told: list[tuple[str, int, int]] = []
        while True:
            try:
                message = self.ends[number].receive()
            except BlockingIOError:
                return told
            assert message is not None
            assert (message.file is not None) == (message.kind == "adopt")
            if message.file is not None:
                os.close(message.file)
            told.append((message.kind, message.fields["worker"], message.fields["listener"]))

    def fill(self, number: int) -> None:
        """Send a worker as much as goes in."""
        while self.workers[number].channel.send("abort", worker=0, listener=0):
            pass

    def close(self) -> None:
        for worker in self.workers.values():
            worker.channel.close()
        for end in self.ends:
            end.close()
        self.ports.close()


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


def test_a_worker_accepts_from_its_own_sockets_without_a_word(crew: Crew) -> None:
    assert [crew.told(number) for number in range(WORKERS)] == [[], [], []]


def test_another_worker_stands_in_until_there_is_a_successor(crew: Crew) -> None:
    crew.end(0)
    assert crew.sockets.assign(crew.workers)
    assert (crew.told(1), crew.told(2)) == ([("adopt", 0, 0), ("adopt", 0, 1)], [])
    crew.start(0)
    assert crew.sockets.assign(crew.workers)
    assert (crew.told(0), crew.told(1)) == ([], [("release", 0, 0), ("release", 0, 1)])


def test_who_stands_in_is_followed_by_another(crew: Crew) -> None:
    crew.end(0)
    assert crew.sockets.assign(crew.workers)
    crew.end(1)
    assert crew.sockets.assign(crew.workers)
    assert set(crew.told(2)) == {("adopt", number, index) for number in (0, 1) for index in (0, 1)}


def test_a_stand_in_that_is_gone_is_told_nothing(crew: Crew) -> None:
    crew.end(0)
    assert crew.sockets.assign(crew.workers)
    crew.workers.pop(1).channel.close()  # as while the program stops
    crew.start(0)
    assert crew.sockets.assign(crew.workers)
    assert (crew.told(0), crew.told(2)) == ([], [])


def test_sockets_that_nobody_could_adopt_are_adopted_by_the_first_that_is_ready(crew: Crew) -> None:
    for number in range(WORKERS):
        crew.end(number)
    assert crew.sockets.assign(crew.workers)
    crew.start(2)
    assert crew.sockets.assign(crew.workers)
    assert set(crew.told(2)) == {("adopt", number, index) for number in (0, 1) for index in (0, 1)}


def test_a_worker_that_does_not_read_its_messages_is_passed_over(crew: Crew) -> None:
    crew.fill(1)
    crew.end(0)
    assert crew.sockets.assign(crew.workers)
    assert crew.told(2) == [("adopt", 0, 0), ("adopt", 0, 1)]


def test_what_was_not_sent_is_sent_later(crew: Crew) -> None:
    crew.end(2)
    assert crew.sockets.assign(crew.workers)  # 0 stands in
    crew.told(0)
    for number in (0, 1):
        crew.fill(number)
    crew.start(2)
    assert not crew.sockets.assign(crew.workers)
    assert {kind for kind, *_ in crew.told(0)} == {"abort"}
    assert crew.sockets.assign(crew.workers)
    assert crew.told(0) == [("release", 2, 0), ("release", 2, 1)]
    crew.fill(0)
    crew.fill(2)
    crew.end(1)
    assert not crew.sockets.assign(crew.workers)
    crew.told(0)
    assert crew.sockets.assign(crew.workers)
    assert crew.told(0) == [("adopt", 1, 0), ("adopt", 1, 1)]
