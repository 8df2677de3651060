"""Error responses to requests that do not reach the application."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.asgi_types import Header
    from naftiko_runtime.http_server.app_config import RenderError


class Rejection(NamedTuple):
    """Why a request is rejected; ``header`` is one more line of the response's head."""

    status: int
    code: str
    detail: str
    header: str = ""


NOT_HTTP: Final = Rejection(400, "bad-request", "the request is not valid HTTP/1.1")
BAD_HOST: Final = Rejection(400, "bad-host", "a request needs exactly one Host header with a valid host")
BAD_FRAMING: Final = Rejection(400, "bad-framing", "Transfer-Encoding must end in 'chunked', once, and needs HTTP/1.1")
UNKNOWN_CODING: Final = Rejection(501, "unknown-coding", "unsupported Transfer-Encoding; only 'chunked' is supported")
HEAD_TOO_LARGE: Final = Rejection(431, "head-too-large", "the request headers are too large")
TOO_MANY_PIPELINED: Final = Rejection(503, "too-many-requests-waiting", "too many pipelined requests")
TOO_MANY_CONNECTIONS: Final = Rejection(503, "too-many-connections", "too many connections", "retry-after: 1")


def reject_headers(headers_max: int) -> Rejection:
    """Return the rejection of a request with more headers."""
    return Rejection(431, "too-many-headers", f"a request has at most {headers_max} headers")


class StopParsingError(Exception):
    """Raised in the parser's callbacks to stop parsing."""


def render_rejection(
    rejection: Rejection, headers: Sequence[Header], render_error: RenderError, *, bodyless: bool
) -> bytes:
    """Render the whole response, which ends its connection.

    Args:
        rejection: Why the request is rejected.
        headers: Those of every response.
        render_error: Renders the body.
        bodyless: Whether the request was for a head only.
    """
    content_type, body = render_error(rejection.status, rejection.code, rejection.detail)
    lines = [
        f"HTTP/1.1 {rejection.status} {HTTPStatus(rejection.status).phrase}",
        *(f"{name.decode()}: {value.decode()}" for name, value in headers if name != b"connection"),
        "connection: close",
        f"content-type: {content_type.decode()}",
        f"content-length: {len(body)}",
        *([rejection.header] if rejection.header else ()),
        "\r\n",
    ]
    return "\r\n".join(lines).encode() + (b"" if bodyless else body)
