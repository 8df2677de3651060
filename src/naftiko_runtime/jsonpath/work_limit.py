"""How much a mapping may look at: what ``..`` and filters visit can grow faster than the answer that they search."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

from naftiko_runtime.limits import JSONPATH_VISITS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SPENT_AT_ONCE: Final = 4096
"""How many visits are counted before the bounds are looked at."""


class TooMuchWork(Exception):  # noqa: N818 - it says what the paths are
    """Paths visit more values than may be visited for one answer."""


class OutOfTime(Exception):  # noqa: N818 - it says what the paths are
    """Paths take longer than the call may take."""


class _Work:
    """What is left for one answer."""

    __slots__ = ("_left", "_seconds", "_uncounted", "_until")

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._left = JSONPATH_VISITS_MAX
        self._uncounted = 0
        self._seconds = seconds
        self._until: float | None = None

    def spend(self, visits: int) -> None:
        self._left -= visits
        self._uncounted += visits
        if self._uncounted >= SPENT_AT_ONCE:
            self._check()

    def _check(self) -> None:
        self._uncounted = 0
        if self._left < 0:
            raise TooMuchWork
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds()
        if now >= self._until:
            raise OutOfTime


_CURRENT: Final[ContextVar[_Work | None]] = ContextVar("work", default=None)


def run_bounded(shape: Callable[[Any], T], value: Any, seconds: Callable[[], float]) -> T:
    """A shape of a value, while what its paths do is bounded.

    Args:
        shape: What is run.
        value: What it is given.
        seconds: How many seconds are left; asked once, when there is much to do.

    Raises:
        TooMuchWork: Paths look at too many values.
        OutOfTime: The time is over.
    """
    token = _CURRENT.set(_Work(seconds))
    try:
        return shape(value)
    finally:
        _CURRENT.reset(token)


def spend(visits: int) -> None:
    """Count visits of the answer that is mapped now; outside one nothing is bounded."""
    if (work := _CURRENT.get()) is not None:
        work.spend(visits)
