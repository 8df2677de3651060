"""Which worker accepts from which sockets."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.server.open_ports import Ports
from naftiko_runtime.workers.control_channel import ControlChannel
from naftiko_runtime.workers.socket_assignment import SocketAssignment
from naftiko_runtime.workers.worker_handle import WorkerHandle
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 3


class WorkerGroup:
    """Workers with two sockets each, and the messages to them."""

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

    def read_messages(self, number: int) -> list[tuple[str, int, int]]:
        """Kind, worker and listener of the messages to a worker."""
        messages: list[tuple[str, int, int]] = []
        while True:
            try:
                message = self.ends[number].receive()
            except BlockingIOError:
                return messages
            assert message is not None
            assert (message.file is not None) == (message.kind == "adopt")
            if message.file is not None:
                os.close(message.file)
            messages.append((message.kind, message.fields["worker"], message.fields["listener"]))

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
def group() -> Iterator[WorkerGroup]:
    group = WorkerGroup()
    yield group
    group.close()


def test_a_worker_accepts_from_its_own_sockets_without_a_word(group: WorkerGroup) -> None:
    assert [group.read_messages(number) for number in range(WORKERS)] == [[], [], []]


def test_another_worker_stands_in_until_there_is_a_successor(group: WorkerGroup) -> None:
    group.end(0)
    assert group.sockets.assign(group.workers)
    assert (group.read_messages(1), group.read_messages(2)) == ([("adopt", 0, 0), ("adopt", 0, 1)], [])
    group.start(0)
    assert group.sockets.assign(group.workers)
    assert (group.read_messages(0), group.read_messages(1)) == ([], [("release", 0, 0), ("release", 0, 1)])


def test_who_stands_in_is_followed_by_another(group: WorkerGroup) -> None:
    group.end(0)
    assert group.sockets.assign(group.workers)
    group.end(1)
    assert group.sockets.assign(group.workers)
    assert set(group.read_messages(2)) == {("adopt", number, index) for number in (0, 1) for index in (0, 1)}


def test_a_stand_in_that_exited_gets_no_message(group: WorkerGroup) -> None:
    group.end(0)
    assert group.sockets.assign(group.workers)
    group.workers.pop(1).channel.close()  # as while the program stops
    group.start(0)
    assert group.sockets.assign(group.workers)
    assert (group.read_messages(0), group.read_messages(2)) == ([], [])


def test_the_first_ready_worker_adopts_orphaned_sockets(group: WorkerGroup) -> None:
    for number in range(WORKERS):
        group.end(number)
    assert group.sockets.assign(group.workers)
    group.start(2)
    assert group.sockets.assign(group.workers)
    assert set(group.read_messages(2)) == {("adopt", number, index) for number in (0, 1) for index in (0, 1)}


def test_a_worker_that_does_not_read_its_messages_is_passed_over(group: WorkerGroup) -> None:
    group.fill(1)
    group.end(0)
    assert group.sockets.assign(group.workers)
    assert group.read_messages(2) == [("adopt", 0, 0), ("adopt", 0, 1)]


def test_what_was_not_sent_is_sent_later(group: WorkerGroup) -> None:
    group.end(2)
    assert group.sockets.assign(group.workers)  # 0 stands in
    group.read_messages(0)
    for number in (0, 1):
        group.fill(number)
    group.start(2)
    assert not group.sockets.assign(group.workers)
    assert {kind for kind, *_ in group.read_messages(0)} == {"abort"}
    assert group.sockets.assign(group.workers)
    assert group.read_messages(0) == [("release", 2, 0), ("release", 2, 1)]
    group.fill(0)
    group.fill(2)
    group.end(1)
    assert not group.sockets.assign(group.workers)
    group.read_messages(0)
    assert group.sockets.assign(group.workers)
    assert group.read_messages(0) == [("adopt", 1, 0), ("adopt", 1, 1)]
