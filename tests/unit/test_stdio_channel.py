from __future__ import annotations

import os
import threading

import pytest

from naftiko_runtime.stdio_channel import LineReader, LineWriter

_SECONDS = 10


class Lines:
    def __init__(self) -> None:
        self.found: list[bytes | str] = []
        self.ended = threading.Event()

    def on_line(self, line: bytes) -> None:
        self.found.append(line)

    def on_long_line(self) -> None:
        self.found.append("too long")

    def on_end(self) -> None:
        self.ended.set()


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([b"one\ntwo\n"], [b"one", b"two"]),
        ([b"o", b"ne\nt", b"wo"], [b"one", b"two"]),
        ([b"\n\r\n"], [b"", b"\r"]),
        ([b"12345678\n", b"123456789\n", b"1\n"], [b"12345678", "too long", b"1"]),
        ([b"12345", b"67890", b"12345\n", b"1\n"], ["too long", b"1"]),
        ([b"1234567890"], ["too long"]),
        ([], []),
    ],
)
def test_lines_are_read_whatever_the_pieces(
    pieces: list[bytes], found: list[bytes | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [*pieces, b""]
    monkeypatch.setattr(os, "read", lambda _descriptor, _size: waiting.pop(0))
    lines = Lines()
    LineReader(0, 8).start(lines)
    assert lines.ended.wait(_SECONDS)
    assert lines.found == found


def test_a_descriptor_that_cannot_be_read_has_ended() -> None:
    lines = Lines()
    LineReader(-1, 8).start(lines)
    assert lines.ended.wait(_SECONDS)
    assert lines.found == []


def test_lines_are_written_whole_to_a_slow_reader() -> None:
    readable, writable = os.pipe()
    written, failed = threading.Semaphore(0), threading.Event()
    writer = LineWriter(writable, failed.set)
    writer.start()
    wanted = [b"x" * 200_000, b"y" * 200_000]
    for line in wanted:
        writer.write(line, written.release)
    with open(readable, "rb") as stream:  # noqa: PTH123 - a descriptor
        assert [stream.readline().removesuffix(b"\n") for _ in wanted] == wanted
        assert all(written.acquire(timeout=_SECONDS) for _ in wanted)
    assert not failed.is_set()
    writer.write(b"nobody reads", written.release)
    assert failed.wait(_SECONDS)
    assert written.acquire(timeout=_SECONDS)
    os.close(writable)
