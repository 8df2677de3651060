"""Signals that arrive before a command can handle them. This module is imported first, and imports almost nothing."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final, NoReturn

INTERRUPTED: Final = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as in shells."""

_hangups: list[int] = []
_had_terminal = False


def exit_on_interrupt() -> None:
    """Let Ctrl-C end the program at once, without a traceback, unless SIGINT is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _exit)


def raise_on_interrupt() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, for a command that cleans up."""
    if signal.getsignal(signal.SIGINT) is _exit:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def note_hangups() -> None:
    """Keep SIGHUP for later, for a program that reloads its files on it; end the program if its terminal closes."""
    global _had_terminal  # noqa: PLW0603 - of the process, as signals are
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_DFL:
        _had_terminal = has_terminal()
        signal.signal(hangup, _note_hangup)


def take_hangup() -> bool:
    """Return whether SIGHUP has arrived since :func:`note_hangups` or the last call."""
    came = bool(_hangups)
    _hangups.clear()
    return came


def has_terminal() -> bool:
    """Return whether the process has a controlling terminal that is still open."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True


def _exit(_number: int, _frame: object) -> NoReturn:
    os._exit(INTERRUPTED)


def _note_hangup(number: int, _frame: object) -> None:
    if _had_terminal and not has_terminal():
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        sys.exit(128 + number)
    _hangups.append(number)
