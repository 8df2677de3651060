"""The process's own input and output as a private channel of lines. Nothing else can read or write it.

The descriptors 0 and 1 are moved away: a stray ``print`` and child processes write to standard error, and read nothing.
Threads read and write, because an event loop cannot wait for files, nor for pipes on Windows.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_INPUT, _OUTPUT, _ERRORS = range(3)
_READ_BYTES: Final = 64 * 1024


class StreamsError(Exception):
    """Standard input or output cannot be used; ``str()`` is one line that says why."""


class StandardStreams(NamedTuple):
    """Private descriptors of what were standard input and output."""

    input: int
    output: int


def claim_standard_streams() -> StandardStreams:
    """Move standard input and output to private descriptors, which child processes do not inherit.

    Raises:
        StreamsError: One of the streams is closed.
    """
    try:
        private = StandardStreams(os.dup(_INPUT), os.dup(_OUTPUT))
        if min(private) <= _ERRORS:
            raise StreamsError("standard error is closed; it is where the log goes")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, _INPUT)
        os.close(nothing)
        os.dup2(_ERRORS, _OUTPUT)
    except OSError as error:
        raise StreamsError(f"standard input and output cannot be used: {error.strerror}") from None
    return private


class LineHandler(Protocol):
    """Handles what a :class:`LineReader` reads. All methods are called in its thread."""

    def on_line(self, line: bytes) -> None:
        """Handle a line, without its end. It may wait: nothing is read meanwhile."""

    def on_long_line(self) -> None:
        """Handle that a line exceeded the limit. Its bytes are dropped."""

    def on_end(self) -> None:
        """Handle the end of the input. Called once."""


class LineReader:
    """Reads lines of bounded size in a thread."""

    def __init__(self, descriptor: int, line_bytes_max: int) -> None:
        self._descriptor = descriptor
        self._line_bytes_max = line_bytes_max
        self._kept = bytearray()
        self._dropping = False

    def start(self, handler: LineHandler) -> None:
        """Read until the end of the input."""
        # A daemon: a thread that waits for input cannot be woken up, and must not keep the process.
        threading.Thread(target=self._run, args=(handler,), name="standard-input", daemon=True).start()

    def _run(self, handler: LineHandler) -> None:
        try:
            while piece := self._read():
                self._take(piece, handler)
            if self._kept and not self._dropping:
                handler.on_line(bytes(self._kept))
        finally:
            handler.on_end()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _READ_BYTES)
        except OSError:  # the terminal or the peer of a socket is gone
            return b""

    def _take(self, piece: bytes, handler: LineHandler) -> None:
        *ended, rest = piece.split(b"\n")
        for part in ended:
            line, self._kept = bytes(self._kept) + part, bytearray()
            dropping, self._dropping = self._dropping, False
            if dropping:
                continue
            if len(line) > self._line_bytes_max:
                handler.on_long_line()
            else:
                handler.on_line(line)
        if not self._dropping:
            self._kept += rest
            if len(self._kept) > self._line_bytes_max:
                self._kept, self._dropping = bytearray(), True
                handler.on_long_line()


class LineWriter:
    """Writes lines in a thread, in order and each as a whole, so that a slow reader holds up nobody else."""

    def __init__(self, descriptor: int, on_failure: Callable[[], None]) -> None:
        """Prepare the writer.

        Args:
            descriptor: The descriptor to write to.
            on_failure: Called in the thread when nobody reads any more. Called once; later lines are dropped.
        """
        self._descriptor = descriptor
        self._on_failure = on_failure
        self._waiting: deque[tuple[bytes, Callable[[], None]]] = deque()
        self._filled = threading.Condition()
        self._broken = False

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="standard-output", daemon=True).start()

    def write(self, line: bytes, on_written: Callable[[], None]) -> None:
        """Write a line without its end.

        Args:
            line: The line.
            on_written: Called in the thread when it is written or dropped.
        """
        with self._filled:
            self._waiting.append((line + b"\n", on_written))
            self._filled.notify()

    def _run(self) -> None:
        while True:
            with self._filled:
                self._filled.wait_for(lambda: self._waiting)
                line, on_written = self._waiting.popleft()
            if not self._broken:
                self._write(line)
            on_written()

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._broken = True
            self._on_failure()
