"""What a model can do after a failed call: correct its arguments, wait, or tell somebody."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from naftiko_runtime.errors import (
    CallError,
    PageError,
    Rejected,
    StepError,
    TooLarge,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from naftiko_runtime.engine.bound_operation import BoundOperation

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SECONDS: Final = compile_lazily(rb"[0-9]{1,9}")
_DATE: Final = compile_lazily(rb"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")

_LATER: Final = "try again later"
_UNCERTAIN: Final = "it may have had an effect: find out before you try again"
_CHANGED: Final = "what ran before may have had an effect: find out before you call again"
_LASTING: Final = "tell the user, because the same call fails again"
_CREDENTIALS: Final = "the API refuses the credentials: tell the user, because other arguments do not change that"
_BY_STATUS: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: "check the arguments",
    HTTPStatus.UNAUTHORIZED: _CREDENTIALS,
    HTTPStatus.FORBIDDEN: "the credentials do not allow this: tell the user, or give other arguments",
    HTTPStatus.NOT_FOUND: "check the arguments: what they name may not exist",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _CREDENTIALS,
    HTTPStatus.CONFLICT: "read the present state, and try again with it",
    HTTPStatus.GONE: "check the arguments: what they name does not exist any more",
    HTTPStatus.PRECONDITION_FAILED: "read the present state, and try again with it",
    HTTPStatus.UNPROCESSABLE_ENTITY: "check the arguments",
}
_BY_KIND: Final[tuple[tuple[type[CallError], str], ...]] = (
    (UpstreamError, "tell the user the request id: the log of the server has more"),
    (TooLarge, "send less"),
    (Rejected, "correct the arguments, and call again"),
)
_WAIT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def read_retry(value: bytes) -> int | str | None:
    """Return when to try again, as ``Retry-After`` says: seconds, or a date. None if it says neither."""
    value = value.strip()
    if _SECONDS.fullmatch(value) is not None:
        return int(value)
    return value.decode() if _DATE.fullmatch(value) is not None else None


def advise_on_status(status: int, retry: int | str | None, operation: BoundOperation) -> str:
    """Return what to do after a response with a status. Empty if nothing is known.

    Args:
        status: The status.
        retry: When to try again.
        operation: The called operation.
    """
    if isinstance(retry, int):
        return f"try again after {retry} second{'s' * (retry != 1)}"
    if retry is not None:
        return f"try again after {retry}"
    if status in _WAIT:
        return _LATER
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _advise_to_repeat(operation)
    return _BY_STATUS.get(status, "")


def advise_on_error(error: CallError, operation: BoundOperation) -> str:
    """Return what to do after a call without a usable response. Empty if the error says it."""
    if isinstance(error, StepError | PageError):
        advice = _LASTING if error.lasting else advise_on_status(error.status, find_retry(error), operation)
        return f"{advice}; {_CHANGED}" if _may_have_changed(error, operation) else advice
    if isinstance(error, UpstreamOverloaded):
        return advise_on_status(HTTPStatus.SERVICE_UNAVAILABLE, error.retry_seconds, operation)
    if isinstance(error, UpstreamTimeout | UpstreamUnreachable):
        return _advise_to_repeat(operation)
    return next((advice for kind, advice in _BY_KIND if isinstance(error, kind)), "")


def find_retry(error: CallError) -> int | str | None:
    """Return when to try again, if an error says so."""
    if isinstance(error, UpstreamOverloaded):
        return error.retry_seconds
    return read_retry(error.retry_after) if isinstance(error, StepError | PageError) else None


def _may_have_changed(error: StepError | PageError, operation: BoundOperation) -> bool:
    """Return whether what ran before a failed step may have changed something."""
    execution = operation.operation.execution
    return isinstance(error, StepError) and execution.may_change_before(error.step, error.item)


def _advise_to_repeat(operation: BoundOperation) -> str:
    """Return whether a call may be repeated: only one that reads has no effect twice."""
    methods = {target.method for target in operation.operation.execution.targets}
    return _LATER if methods <= _READING else _UNCERTAIN
