"""How much a mapping may look at: what ``..`` and filters visit can grow faster than the answer that they search."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from naftiko_runtime.limits import JSONPATH_VISITS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

SPENT_AT_ONCE: Final = 4096
"""How many visits are counted before the bounds are looked at."""


class TooMuchWork(Exception):  # noqa: N818 - it says what the paths are
    """Paths visit more values than may be visited for one answer."""


class OutOfTime(Exception):  # noqa: N818 - it says what the paths are
    """Paths take longer than the call may take."""


class Work:
    """What is left for one answer."""

    __slots__ = ("_left", "_until")

    def __init__(self, until: float | None) -> None:
        self._left = JSONPATH_VISITS_MAX
        self._until = until

    def spend(self, visits: int) -> None:
        """Count visits.

        Raises:
            TooMuchWork: They are too many.
            OutOfTime: The time is over.
        """
        self._left -= visits
        if self._left < 0:
            raise TooMuchWork
        if self._until is not None and time.monotonic() > self._until:
            raise OutOfTime


_CURRENT: Final[ContextVar[Work | None]] = ContextVar("work", default=None)


@contextmanager
def bounded_work(until: float | None) -> Iterator[None]:
    """Bound what paths do inside.

    Args:
        until: When the time is over, on the monotonic clock; none for no end.
    """
    token = _CURRENT.set(Work(until))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def spend(visits: int) -> None:
    """Count visits of the answer that is mapped now; outside one nothing is bounded."""
    if (work := _CURRENT.get()) is not None:
        work.spend(visits)
