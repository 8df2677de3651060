"""What several processes share: the log, the board, and the word of a parent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.secret import Secret
from naftiko_runtime.server.settings import Job, fingerprint
from naftiko_runtime.transport.sandbox import SandboxTransport
from naftiko_runtime.workers.control_channel import Channel, Message
from naftiko_runtime.workers.reload_transaction import Turn
from naftiko_runtime.workers.shared_status import Board, Slot
from support.command import clean_environment
from support.linked import document, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = 4

LOGGING = """
import logging, os
from naftiko_runtime.cli import logging_setup

logging_setup.configure("info", [], console=False, many=True)
for number in range(4):
    if os.fork() == 0:
        logging_setup.number(number + 1)
        for _ in range(40):  # less than may wait, when another process writes
            logging.info("long", extra={"text": str(number) * 20_000})
        logging.shutdown()
        os._exit(0)
for _ in range(4):
    os.wait()
"""


def test_long_lines_of_several_processes_are_not_torn() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOGGING], check=True, capture_output=True, text=True, timeout=60, env=clean_environment()
    )
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert Counter(line["worker"] for line in lines) == dict.fromkeys(range(1, 5), 40)
    assert all(line["text"] == str(line["worker"] - 1) * 20_000 for line in lines)


def test_readiness_is_that_of_all() -> None:
    board = Board(2)
    first, second = Slot(board, 0), Slot(board, 1)
    first.set()
    assert not board.is_ready()
    second.set()
    assert board.is_ready()
    assert board.is_live()
    first.clear()
    assert not board.is_ready()
    first.set()
    board.stop()
    assert not board.is_ready()
    assert board.is_live()


def test_a_worker_that_stands_still_is_not_alive() -> None:
    board = Board(2)
    Slot(board, 0).set()
    board.set_ready(1, ready=True)  # and has never given a sign
    assert not board.is_live()
    board.beat(1)
    assert board.is_live()


def jobs(token: str) -> list[Job]:
    return [Job(plan(document()), {"kept.TOKEN": Secret(token)}, partial(SandboxTransport, {}), "digest")]


def test_a_fingerprint_is_of_files_and_values() -> None:
    (one,) = jobs("first")
    assert fingerprint([one]) == fingerprint(jobs("first"))
    assert fingerprint([one]) != fingerprint(jobs("second"))
    assert fingerprint([one]) != fingerprint([Job(one.plan, one.secrets, one.open_client, "other")])


class Told:
    """A reload of two workers, and what it told them."""

    def __init__(self) -> None:
        self.ends = [Channel.pair() for _ in range(2)]
        self.turn = Turn(7, jobs("token"), {number: ours for number, (ours, _) in enumerate(self.ends)})

    def words(self, worker: int) -> list[str]:
        return list(iter(lambda: self._word(worker), ""))

    def _word(self, worker: int) -> str:
        try:
            message = self.ends[worker][1].receive()
        except BlockingIOError:
            return ""
        assert message is not None
        assert message.fields == {"turn": 7}
        return message.word

    def prepared(self, worker: int, token: str) -> None:
        self.heard(worker, "prepared", read=fingerprint(jobs(token)))

    def heard(self, worker: int, word: str, turn: int = 7, **fields: object) -> None:
        self.turn.heard(worker, Message(word, {"turn": turn, **fields}, None))


@pytest.fixture
def told() -> Iterator[Told]:
    told = Told()
    yield told
    for pair in told.ends:
        for end in pair:
            end.close()


def test_a_reload_is_served_when_all_are_prepared(told: Told) -> None:
    told.prepared(0, "token")
    assert (told.words(0), told.words(1), told.turn.committed) == (["prepare"], ["prepare"], False)
    told.prepared(0, "token")  # one that says it twice is still one
    told.heard(1, "prepared", turn=6)  # a word on another reload
    assert not told.turn.committed
    told.prepared(1, "token")
    assert (told.words(0), told.words(1)) == (["commit"], ["commit"])
    told.heard(0, "served", in_progress=3)
    assert not told.turn.done
    told.heard(1, "served", in_progress=4)
    assert (told.turn.done, told.turn.fault, told.turn.in_progress) == (True, None, 7)


def test_a_worker_that_read_something_else_stops_a_reload(told: Told) -> None:
    told.prepared(0, "token")
    told.prepared(1, "newer")
    assert (told.turn.done, told.turn.changed) == (True, True)
    assert told.words(0) == told.words(1) == ["prepare", "abandon"]
    assert told.turn.fault == "the files changed while they were read"


def test_a_worker_that_cannot_stops_a_reload(told: Told) -> None:
    told.heard(1, "unprepared", reason="no such key")
    assert (told.turn.done, told.turn.changed, told.turn.fault) == (True, False, "no such key")
    told.prepared(0, "token")
    assert told.words(0) == ["prepare", "abandon"]


def test_a_worker_that_is_gone_is_not_waited_for(told: Told) -> None:
    told.prepared(0, "token")
    told.turn.left(1)
    assert told.words(0) == ["prepare", "commit"]
    told.turn.left(0)
    assert (told.turn.done, told.turn.fault) == (True, None)


def test_a_worker_that_says_nothing_is_named(told: Told) -> None:
    told.prepared(0, "token")
    assert told.turn.late() == []
    assert told.turn.fault == "no word of worker 2"


def test_a_worker_that_does_not_say_that_it_serves_is_returned(told: Told) -> None:
    told.prepared(0, "token")
    told.prepared(1, "token")
    told.heard(0, "served", in_progress=0)
    assert told.turn.late() == [1]
    assert (told.turn.done, told.turn.fault) == (True, None)


def test_a_peer_that_is_gone_or_does_not_listen_holds_nobody_up() -> None:
    ours, theirs = Channel.pair()
    for _ in range(10_000):
        ours.send("drain", reason="x" * 1000)
    message = theirs.receive()
    assert message is not None
    assert message.word == "drain"
    theirs.close()
    ours.send("drain")
    assert ours.receive() is None
    ours.close()


def test_a_text_that_is_too_long_is_cut() -> None:
    ours, theirs = Channel.pair()
    ours.send("failed", reason="\N{GRINNING FACE}" * 20_000)
    message = theirs.receive()
    assert message is not None
    assert message.fields["reason"] == "\N{GRINNING FACE}" * 8192
    ours.close()
    theirs.close()
