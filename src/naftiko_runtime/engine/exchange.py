"""Exchanges: one call, from its request to the last byte of its response, with one deadline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from naftiko_runtime.errors import (
    CallError,
    PageError,
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
    from naftiko_runtime.engine.result import OperationResult

log = logging.getLogger(__name__)


class Bounded(Protocol):
    """What an exchange needs of a compiled execution.

    Attributes:
        name: The exposed operation, for logs.
        target: The consumed operation that is called, for logs and callers.
        deadlines: Limits each exchange.
    """

    name: str
    target: str
    deadlines: Deadlines


class Exchange(Struct, eq=False):
    """One call. Use it with ``async with``, and read the result inside.

    If the response is held in memory, the deadline is for all of it. If it streams, the deadline is for its head and
    for each pause: it is renewed whenever data has moved.

    Raises (on entering, and on leaving if the deadline expired inside):
        Rejected: The input cannot be written into the request.
        UpstreamUnreachable, UpstreamTimeout, UpstreamError: There is no usable response.
    """

    _execution: Bounded
    _call: Invocation
    _result: OperationResult | None = None
    _awaits_caller: bool = False
    _deadline: Deadline | None = None

    async def __aenter__(self) -> OperationResult:
        raise NotImplementedError  # each kind of execution has its own

    def compute_remaining(self) -> float:
        """Compute the seconds that the call has left."""
        return 0.0 if self._deadline is None else self._execution.deadlines.compute_remaining(self._deadline)

    def await_caller(self) -> None:
        """Suspend the deadline while the caller reads; its connection has a timeout of its own."""
        if self._deadline is not None:
            self._execution.deadlines.suspend(self._deadline)

    def await_upstream(self) -> None:
        """Renew the deadline, because data has moved."""
        if self._deadline is not None:
            self._execution.deadlines.renew(self._deadline)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        deadline, deadlines = self._deadline, self._execution.deadlines
        self._call.body = None  # it may have this as well, and neither be read nor collected for long
        try:
            if self._result is not None:
                await self._result.response.close()
        finally:
            if deadline is not None:
                deadlines.end(deadline)
            if error is not None or (deadline is not None and deadline.expired):
                self._raise_failure(kind, error, deadline)

    def _raise_failure(
        self, kind: type[BaseException] | None, error: BaseException | None, deadline: Deadline | None
    ) -> None:
        """Raise a failure with a message that names the upstream."""
        execution = self._execution
        if deadline is not None and deadline.explains(kind):
            raise self._make_timeout(deadline.seconds) from None
        if isinstance(error, UpstreamError):
            extra = {"operation": execution.name, "upstream": execution.target, "reason": error.detail}
            log.warning("upstream failed", extra=extra | {"request_id": error.request_id})
        if isinstance(error, UpstreamOverloaded):
            message = describe_failure(execution.target, error)
            raise UpstreamOverloaded(message, error.retry_seconds, error.detail, error.request_id) from None
        if isinstance(error, UpstreamUnreachable):
            message = describe_failure(execution.target, error)
            raise UpstreamUnreachable(message, error.detail, error.request_id) from None

    def _make_timeout(self, seconds: float) -> CallError:
        """Make the error of an expired deadline: the caller or the upstream is too slow."""
        execution = self._execution
        extra = {"operation": execution.name, "upstream": execution.target, "seconds": seconds}
        if self._awaits_caller:
            log.info("caller too slow", extra=extra)
            return TooSlow(describe_slow_body(seconds))
        if self._result is not None:
            event = "response not delivered in time"
            error = UpstreamTimeout(f"the response of '{execution.target}' took longer than {seconds:g} seconds")
        else:
            event = "upstream deadline"
            error = UpstreamTimeout(f"'{execution.target}' did not respond within {seconds:g} seconds")
        log.warning(event, extra=extra | {"request_id": error.request_id})
        return error


def describe_failure(target: str, error: UpstreamError) -> str:
    """Describe a call without a usable response: one sentence that names the consumed operation."""
    if isinstance(error, UpstreamOverloaded):
        return f"'{target}' is overloaded: {error}; try again in {error.retry_seconds} s"
    if isinstance(error, UpstreamUnreachable):
        return f"'{target}' cannot be reached: {error}"
    return str(error)


def choose_status(error: UpstreamError) -> tuple[int, bytes]:
    """Choose the status of a call without a usable response, and when to try again; empty if that is unknown."""
    if isinstance(error, PageError):
        return error.status, error.retry_after
    if isinstance(error, UpstreamOverloaded):
        return 503, b"%d" % error.retry_seconds
    return (504 if isinstance(error, UpstreamTimeout) else 502), b""


def describe_slow_body(seconds: float) -> str:
    """Describe the timeout of a request body."""
    return f"the request's body did not arrive within {seconds:g} seconds"
