"""Error responses as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.authentication.guard import Refusal
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.errors import (
    CallError,
    PageError,
    Rejected,
    StepError,
    TooLarge,
    TooSlow,
    UnsupportedCoding,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from naftiko_runtime.send_response import send_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from naftiko_runtime.asgi_types import Send
    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.upstream.interface import Header

_TYPE: Final = (b"content-type", b"application/problem+json")
_PHRASES: Final = {int(one): one.phrase for one in HTTPStatus}
"""Upstreams use other statuses as well, such as 520."""

TABLE: Final[tuple[tuple[type[CallError], int, str], ...]] = (
    (Rejected, 400, "invalid-request"),
    (TooSlow, 408, "request-timeout"),
    (TooLarge, 413, "body-too-large"),
    (UnsupportedCoding, 415, "unsupported-content-encoding"),
    (UpstreamOverloaded, 503, "upstream-overloaded"),
    (UpstreamTimeout, 504, "upstream-timeout"),
    (UpstreamUnreachable, 502, "upstream-unreachable"),
    (UpstreamError, 502, "upstream-error"),
)
"""Each kind of failed call, its status and the last part of its problem type; the first match counts."""


def find_status(error: CallError) -> tuple[int, str]:
    """Return the status, and the last part of the problem type, of a failed call."""
    if isinstance(error, StepError):
        return error.status, "step-failed"
    if isinstance(error, PageError):
        return error.status, "page-failed"
    return next((status, slug) for kind, status, slug in TABLE if isinstance(error, kind))


async def send_problem(send: Send, error: CallError, operation: BoundOperation | None = None) -> None:
    """Send the problem of a failed call.

    Args:
        send: The ASGI callable.
        error: The error.
        operation: The called operation, if there is one.
    """
    status, slug = find_status(error)
    masked = str if operation is None else operation.mask
    extra: dict[str, Any] = {}
    if isinstance(error, Rejected):
        extra["errors"] = [{"name": f.name, "in": f.place, "detail": masked(f.detail)} for f in error.faults]
    if isinstance(error, UpstreamError) and operation is not None:
        extra |= {"api": operation.namespace, "requestId": error.request_id}
    if isinstance(error, PageError):
        extra["page"] = error.page
    if isinstance(error, StepError):
        extra |= {"step": error.step, "requestId": error.request_id}
        extra |= {"operation": error.operation} if error.operation else {}
        extra |= {} if error.item is None else {"item": error.item}
    close = ((b"connection", b"close"),) if isinstance(error, TooLarge | TooSlow) else ()
    retry = ((b"retry-after", b"%d" % error.retry_seconds),) if isinstance(error, UpstreamOverloaded) else ()
    if isinstance(error, StepError | PageError) and error.retry_after:
        retry = ((b"retry-after", error.retry_after),)
    accepted = ((b"accept-encoding", b"identity"),) if isinstance(error, UnsupportedCoding) else ()
    await send_problem_document(send, status, slug, masked(str(error)), extra, (*close, *accepted, *retry))


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Send the problem of a request that a guard rejected."""
    headers = [(b"www-authenticate", challenge.encode()) for challenge in refusal.challenges]
    if refusal.retry_seconds:
        headers.append((b"retry-after", b"%d" % refusal.retry_seconds))
    await send_problem_document(send, refusal.status, refusal.slug, refusal.detail, headers=tuple(headers))


async def send_verdict(
    send: Send, verdict: Refusal | Awaitable[Refusal | None], handle: Callable[[], Awaitable[None]]
) -> None:
    """Send the problem of a request that a guard rejects. If it accepts the request after all, handle it.

    Args:
        send: The ASGI callable.
        verdict: What the guard says, now or later.
        handle: Handles the request, if it is accepted.
    """
    refusal = verdict if isinstance(verdict, Refusal) else await verdict
    if refusal is None:
        await handle()
    else:
        await send_refusal(send, refusal)


async def send_problem_document(
    send: Send,
    status: int,
    slug: str,
    detail: str,
    extra: dict[str, Any] | None = None,
    headers: tuple[Header, ...] = (),
) -> None:
    """Send a problem.

    Args:
        send: The ASGI callable.
        status: The status code.
        slug: The last part of the problem's type, a URN.
        detail: One sentence for people.
        extra: More members.
        headers: More headers.
    """
    await send_whole(send, status, [_TYPE, *headers], render_problem_document(status, slug, detail, extra))


def render_problem(status: int, slug: str, detail: str) -> tuple[bytes, bytes]:
    """Return a problem's content type and JSON; arguments as for :func:`send_problem_document`."""
    return _TYPE[1], render_problem_document(status, slug, detail)


def render_problem_document(status: int, slug: str, detail: str, extra: dict[str, Any] | None = None) -> bytes:
    """Return a problem as JSON; arguments as for :func:`send_problem_document`."""
    problem = {
        "type": f"urn:naftiko:problem:{slug}",
        "title": _PHRASES.get(status, "Error"),
        "status": status,
        "detail": detail,
        **(extra or {}),
    }
    return encode_json(problem)
