"""Limits the work of one mapping: ``..`` and filters can visit more values than the response has."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeVar

from naftiko_runtime.limits import JSONPATH_VISITS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SPENT_AT_ONCE: Final = 4096
"""The number of visits after which the limits are checked."""


class TooMuchWork(Exception):  # noqa: N818 - it is a condition, and no bug
    """Paths visit more values than the limit for one response."""


class OutOfTime(Exception):  # noqa: N818 - it is a condition, and no bug
    """Paths take longer than the call may."""


class _Work:
    """The work that is left for one response."""

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


def run_bounded(shape: Callable[[object], T], value: Any, seconds: Callable[[], float]) -> T:
    """Shape a value, with a limit on the work of its paths.

    Args:
        shape: Shapes a value.
        value: The value.
        seconds: Returns the seconds that are left. It is called once, when there is much work.

    Raises:
        TooMuchWork: Paths visit too many values.
        OutOfTime: The time is over.
    """
    token = _CURRENT.set(_Work(seconds))
    try:
        return shape(value)
    finally:
        _CURRENT.reset(token)


def spend(visits: int) -> None:
    """Count visits of values. Outside :func:`run_bounded` there is no limit."""
    if (work := _CURRENT.get()) is not None:
        work.spend(visits)
