"""A reload of all workers in two phases."""

from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.sandbox_responses import SandboxTransport
from naftiko_runtime.secret import Secret
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.workers.capability_transfer import read_capabilities
from naftiko_runtime.workers.control_channel import ControlChannel, ControlMessage
from naftiko_runtime.workers.reload_transaction import ReloadTransaction
from support.linked import link_plan, make_document

if TYPE_CHECKING:
    from collections.abc import Iterator


CAPABILITIES = [
    ServedCapability(link_plan(make_document()), {"kept.TOKEN": Secret("token")}, partial(SandboxTransport, {}))
]


class Reload:
    """A reload of two workers, and what it sends them."""

    def __init__(self) -> None:
        self.ends = [ControlChannel.open_pair() for _ in range(2)]
        self.transaction = ReloadTransaction(
            7, CAPABILITIES, {number: ours for number, (ours, _) in enumerate(self.ends)}
        )

    def kinds(self, worker: int) -> list[str]:
        return list(iter(lambda: self._kind(worker), ""))

    def _kind(self, worker: int) -> str:
        try:
            message = self.ends[worker][1].receive()
        except BlockingIOError:
            return ""
        assert message is not None
        assert message.fields == {"reload": 7}
        assert (message.file is not None) == (message.kind == "prepare")
        if message.file is not None:
            (received,) = read_capabilities(message.file)
            assert received.plan == CAPABILITIES[0].plan
            assert received.secrets["kept.TOKEN"].reveal() == "token"
            assert isinstance(received.open_client(), SandboxTransport)
        return message.kind

    def prepared(self, worker: int) -> None:
        self.receive(worker, "prepared")

    def receive(self, worker: int, kind: str, number: int = 7, **fields: object) -> None:
        self.transaction.on_message(worker, ControlMessage(kind, {"reload": number, **fields}, None))


@pytest.fixture
def reload() -> Iterator[Reload]:
    reload = Reload()
    yield reload
    for pair in reload.ends:
        for end in pair:
            end.close()


def test_a_reload_is_served_when_all_are_prepared(reload: Reload) -> None:
    reload.prepared(0)
    assert (reload.kinds(0), reload.kinds(1), reload.transaction.committed) == (["prepare"], ["prepare"], False)
    reload.prepared(0)  # one that says it twice is still one
    reload.receive(1, "prepared", number=6)  # a word on another reload
    assert not reload.transaction.committed
    reload.prepared(1)
    assert (reload.kinds(0), reload.kinds(1)) == (["commit"], ["commit"])
    reload.receive(0, "committed", in_progress=3)
    assert not reload.transaction.done
    reload.receive(1, "committed", in_progress=4)
    assert (reload.transaction.done, reload.transaction.failure, reload.transaction.in_progress) == (True, None, 7)


def test_a_worker_that_cannot_stops_a_reload(reload: Reload) -> None:
    reload.receive(1, "not-prepared", reason="no such key")
    assert (reload.transaction.done, reload.transaction.failure) == (True, "no such key")
    reload.prepared(0)
    assert reload.kinds(0) == ["prepare", "abort"]


def test_capabilities_that_cannot_be_sent_stop_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("os.memfd_create", fail)
    ours, theirs = ControlChannel.open_pair()
    transaction = ReloadTransaction(7, CAPABILITIES, {0: ours})
    reason = "the capabilities cannot be sent to the workers: Too many open files"
    assert (transaction.done, transaction.failure) == (True, reason)
    assert theirs.receive() == ControlMessage("abort", {"reload": 7}, None)
    ours.close()
    theirs.close()


def test_a_worker_that_is_stuck_stops_a_reload_at_once() -> None:
    ends = [ControlChannel.open_pair() for _ in range(2)]
    while ends[1][0].send("drain"):
        pass
    transaction = ReloadTransaction(7, CAPABILITIES, {number: ours for number, (ours, _) in enumerate(ends)})
    assert (transaction.done, transaction.failure) == (True, "worker 2 is stuck: its control channel is full")
    first = ends[0][1].receive()
    assert first is not None
    assert first.file is not None
    os.close(first.file)
    assert (first.kind, ends[0][1].receive()) == ("prepare", ControlMessage("abort", {"reload": 7}, None))
    for pair in ends:
        for end in pair:
            end.close()


def test_a_worker_that_has_ended_does_not_stop_a_reload() -> None:
    ours, theirs = ControlChannel.open_pair()
    theirs.close()
    transaction = ReloadTransaction(7, CAPABILITIES, {0: ours})
    assert not transaction.done
    transaction.on_worker_exit(0)
    assert (transaction.done, transaction.failure) == (True, None)
    ours.close()


def test_a_worker_that_is_gone_is_not_waited_for(reload: Reload) -> None:
    reload.prepared(0)
    reload.transaction.on_worker_exit(1)
    assert reload.kinds(0) == ["prepare", "commit"]
    reload.transaction.on_worker_exit(0)
    assert (reload.transaction.done, reload.transaction.failure) == (True, None)


def test_a_worker_that_says_nothing_is_named(reload: Reload) -> None:
    reload.prepared(0)
    assert reload.transaction.expire() == []
    assert reload.transaction.failure == "no response from worker 2"


def test_a_worker_that_does_not_say_that_it_serves_is_returned(reload: Reload) -> None:
    reload.prepared(0)
    reload.prepared(1)
    reload.receive(0, "committed", in_progress=0)
    assert reload.transaction.expire() == [1]
    assert (reload.transaction.done, reload.transaction.failure) == (True, None)
