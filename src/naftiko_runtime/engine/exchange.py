"""Exchanges: one call from the request to the last byte of the answer, under one deadline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from naftiko_runtime.errors import (
    CallError,
    TooSlow,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamTimeout,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    from types import TracebackType

    from naftiko_runtime.engine.deadline import Deadline, Deadlines
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.response import Answer

log = logging.getLogger(__name__)


class Bounded(Protocol):
    """A compiled execution, as far as its exchanges are bounded by it.

    Attributes:
        name: Of the operation, for logs.
        target: The consumed operation that is called, for logs and callers.
        deadlines: What bounds each exchange.
    """

    name: str
    target: str
    deadlines: Deadlines


class Exchange(Struct, eq=False):
    """One call; use it as ``async with``, and read the answer inside.

    Where the answer is held in memory, the deadline is for all of it. Where it streams through, it is for its head and
    for each pause: it begins anew whenever data has moved.

    Raises (on entering, and on leaving when the deadline struck inside):
        Rejected: The input does not fit the request.
        UpstreamUnreachable, UpstreamTimeout, UpstreamError: There is no usable answer.
    """

    _execution: Bounded
    _call: Invocation
    _answer: Answer | None = None
    _awaits_caller: bool = False
    _deadline: Deadline | None = None

    async def __aenter__(self) -> Answer:
        raise NotImplementedError  # each kind of execution has its own

    def compute_remaining(self) -> float:
        """How many seconds the call still has."""
        return 0.0 if self._deadline is None else self._execution.deadlines.compute_remaining(self._deadline)

    def await_caller(self) -> None:
        """A piece of the answer goes to the caller now, whose reading is bounded by its connection."""
        if self._deadline is not None:
            self._execution.deadlines.suspend(self._deadline)

    def await_upstream(self) -> None:
        """Data has moved; the next step has the time of the deadline again."""
        if self._deadline is not None:
            self._execution.deadlines.renew(self._deadline)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        deadline, deadlines = self._deadline, self._execution.deadlines
        self._call.body = None  # it may have this as well, and neither be read nor collected for long
        try:
            if self._answer is not None:
                await self._answer.response.close()
        finally:
            if deadline is not None:
                deadlines.end(deadline)
            if error is not None or (deadline is not None and deadline.expired):
                self._raise_failure(kind, error, deadline)

    def _raise_failure(
        self, kind: type[BaseException] | None, error: BaseException | None, deadline: Deadline | None
    ) -> None:
        """Say in our own words what went wrong."""
        execution = self._execution
        if deadline is not None and deadline.explains(kind):
            raise self._make_timeout(deadline.seconds) from None
        if isinstance(error, UpstreamError):
            extra = {"operation": execution.name, "upstream": execution.target, "reason": error.detail}
            log.warning("upstream failed", extra=extra | {"request_id": error.request_id})
        if isinstance(error, UpstreamOverloaded):
            message = f"'{execution.target}' is overloaded: {error}; try again in {error.retry_seconds} s"
            raise UpstreamOverloaded(message, error.retry_seconds, error.detail, error.request_id) from None
        if isinstance(error, UpstreamUnreachable):
            message = f"'{execution.target}' cannot be reached: {error}"
            raise UpstreamUnreachable(message, error.detail, error.request_id) from None

    def _make_timeout(self, seconds: float) -> CallError:
        """What to say when the deadline struck, by whom was waited for."""
        execution = self._execution
        extra = {"operation": execution.name, "upstream": execution.target, "seconds": seconds}
        if self._awaits_caller:
            log.info("caller too slow", extra=extra)
            return TooSlow(describe_slow_body(seconds))
        if self._answer is not None:
            event = "answer not delivered in time"
            error = UpstreamTimeout(f"the answer of '{execution.target}' took longer than {seconds:g} seconds")
        else:
            event = "upstream deadline"
            error = UpstreamTimeout(f"'{execution.target}' did not answer within {seconds:g} seconds")
        log.warning(event, extra=extra | {"request_id": error.request_id})
        return error


def describe_slow_body(seconds: float) -> str:
    """What to tell a caller whose body takes too long."""
    return f"the request's body did not arrive within {seconds:g} seconds"
