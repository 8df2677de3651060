"""The log while standard error is not read: no caller waits, and dropped lines are counted and logged."""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.cli import banner
from naftiko_runtime.process_lock import ProcessLock
from naftiko_runtime.telemetry.log_writer import LogWriter
from support.command import make_clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE_BYTES = 64 * 1024
COPIED = """
import logging, os, sys
from naftiko_runtime.telemetry.log_writer import LogWriter

def send(text):
    writer.handle(logging.LogRecord("x", logging.INFO, "", 0, text, (), None))

reading, writing = os.pipe()
writer, held = LogWriter(writing), 0
os.set_blocking(writing, False)
try:
    while True:
        held += os.write(writing, b"." * 4096)
except BlockingIOError:
    os.set_blocking(writing, True)
send("of the parent")
if (child := os.fork()) == 0:
    send("of the copy")
    os._exit(writer.queued_bytes)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
os.read(reading, held)
writer.flush()
os.write(1, os.read(reading, 65536))
"""
"""A program that copies itself. The copy of a process that runs tests has its threads' locks and its measurements."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)  # which ends what still writes there
    while is_draining():
        time.sleep(0.01)
    os.close(writing)


def fill(writing: int) -> int:
    """Let a pipe be full; how many bytes are in it."""
    os.set_blocking(writing, False)
    size = 0
    try:
        while True:
            size += os.write(writing, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
        return size


def read_lines(reading: int) -> list[str]:
    """All that comes until nothing is in line any more."""
    data = b""
    while not data.endswith(b"\n") or select.select([reading], [], [], 0.5)[0] or is_draining():
        data += os.read(reading, 65536)
    return data.decode().splitlines()


def is_draining() -> bool:
    return any(thread.name == "log-writer" for thread in threading.enumerate())


def send(writer: LogWriter, text: str) -> None:
    writer.handle(logging.LogRecord("x", logging.INFO, __file__, 0, text, (), None))


def test_a_line_is_written_at_once_and_without_a_thread(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = LogWriter(writing)
    send(writer, "one")
    assert os.read(reading, 100) == b"one\n"
    assert not is_draining()


def test_unread_lines_are_kept_up_to_a_limit_and_counted_beyond_it(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = LogWriter(writing, queue_bytes_max=QUEUE_BYTES)
    held = fill(writing)
    for number in range(200):
        send(writer, f"{number:04} " + "x" * 1018)
    assert writer.dropped > 100
    assert os.read(reading, held) == b"." * held
    lines = read_lines(reading)
    kept = [int(line[:4]) for line in lines if line[0] == "0"]
    assert kept == list(range(200 - writer.dropped))  # whole lines, the first ones, in order
    assert lines[len(kept) :] == ["log records dropped"]
    send(writer, "afterwards")
    assert read_lines(reading) == ["afterwards"]


def test_the_number_of_dropped_lines_is_logged(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = LogWriter(writing, queue_bytes_max=10)
    writer.setFormatter(logging.Formatter("%(message)s"))
    counts: list[tuple[int, int]] = []

    def note(record: logging.LogRecord) -> bool:
        if record.msg == "log records dropped":
            counts.append((record.__dict__["dropped"], record.__dict__["dropped_in_all"]))
        return True

    writer.addFilter(note)
    held = fill(writing)
    for _ in range(5):
        send(writer, "a line")
    os.read(reading, held)
    read_lines(reading)
    assert counts == [(4, 4)]


@pytest.mark.skipif(sys.platform != "linux", reason="the lock needs Linux")
def test_a_line_longer_than_a_pipe_keeps_other_processes_out_until_it_is_whole(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = LogWriter(writing, ProcessLock())
    send(writer, "a" * 300_000)
    send(writer, "b")
    assert read_lines(reading) == ["a" * 300_000, "b"]


def test_a_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    other = os.dup(writing)
    os.close(other)
    writer = LogWriter(other)
    send(writer, "nobody hears")
    assert writer.dropped == 1
    assert reading != writing


def test_the_end_waits_for_a_bounded_time_only(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    _, writing = pipe
    monkeypatch.setattr("naftiko_runtime.limits.LOG_FLUSH_SECONDS", 0.05)
    fill(writing)
    writer = LogWriter(writing)
    send(writer, "never read")
    writer.flush()
    assert writer.queued_bytes == len("never read\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_copy_of_the_process_does_not_write_what_waits_in_this_one() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", COPIED],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=make_clean_environment(),
    )
    assert ran.stdout.splitlines() == [str(len("of the copy\n")), "of the parent"]


def test_a_list_in_a_log_line_is_bounded_whatever_it_holds() -> None:
    routes = [
        f"GET /very/long/path/to/a/thing/{number} -> api.operation-{number} (GET /x/{{…}})" for number in range(300)
    ]
    shown = banner.limit_texts(routes)
    assert 0 < len(shown) < 300
    assert len(json.dumps(list(shown))) < 5000
    assert banner.limit_texts(["é" * 5000]) == []
    assert banner.limit_texts(routes[:3]) == routes[:3]


def test_many_capabilities_have_a_short_label() -> None:
    assert banner.join_labels(["a", "b"]) == "a, b"
    assert len(banner.join_labels([f"{number} " + "x" * 500 for number in range(300)])) < 1000
    assert banner.join_labels([str(n) for n in range(300)]).endswith("and 292 more")
