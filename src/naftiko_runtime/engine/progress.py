"""How far an execution has come, for whoever listens to it. Without a listener it costs one look."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final, Protocol


class ReportProgress(Protocol):
    """Is told that a part of an execution has ended."""

    def __call__(self, message: str, total: int | None) -> None:
        """Note the end of a part.

        Args:
            message: The part, for people.
            total: The number of parts, if it is known.
        """


PROGRESS: Final[ContextVar[ReportProgress | None]] = ContextVar("naftiko_progress", default=None)
"""The listener of the current call."""


def report_progress(message: str, total: int | None = None) -> None:
    """Tell the listener of the current call, if it has one, that a part has ended."""
    if (report := PROGRESS.get()) is not None:
        report(message, total)
