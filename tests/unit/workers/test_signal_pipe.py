"""Signals that arrive during a blocking call, in a process without an event loop."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.workers.signal_pipe import Interrupted, SignalPipe
from support.upstream import WAIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = 200


@pytest.fixture
def signals() -> Iterator[SignalPipe]:
    signals = SignalPipe()
    with signals.install():
        yield signals
    signals.close()


def _sleeps(thread: int) -> bool:
    """Whether a thread waits, and has for some looks in a row."""
    stat = Path(f"/proc/self/task/{thread}/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "S" for _ in range(LOOKS))


def test_a_signal_that_interrupts_nothing_is_handled(signals: SignalPipe) -> None:
    """As one does that comes between Python's look at signals and the call that blocks; here another thread gets it."""
    reading, writing = os.pipe()
    main = threading.get_native_id()

    def stop() -> None:
        while not _sleeps(main):
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    thread = threading.Thread(target=stop)
    thread.start()
    too_late = threading.Timer(WAIT_SECONDS, os.write, (writing, b"x"))
    too_late.start()
    try:
        with pytest.raises(Interrupted):
            signals.run_interruptible(lambda: os.read(reading, 1))
        assert too_late.is_alive()
    finally:
        too_late.cancel()
        thread.join()
        os.close(reading)
        os.close(writing)
    assert list(signals.take_pending()) == [signal.SIGTERM]


def test_a_signal_that_came_just_before_breaks_off_what_begins_now(signals: SignalPipe) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        signals.run_interruptible(lambda: pytest.fail("it began"))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert list(signals.take_pending()) == [signal.SIGTERM]


def test_what_is_not_asked_to_stop_is_done_to_its_end(signals: SignalPipe) -> None:
    signal.raise_signal(signal.SIGHUP)
    assert signals.run_interruptible(lambda: "done") == "done"
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
