"""Requests in wire form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.http_client import failures
from naftiko_runtime.http_client.message_checks import METHODS_WITHOUT_BODY, drop_undecodable_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.http_client.routes import UpstreamRoute
    from naftiko_runtime.upstream.interface import Header, OutboundRequest

_LENGTHS: Final = range(2**63)
_NUL: Final = 0
"""A number: searching for bytes in bytes raises a hidden exception, which doubles the cost."""
_LINE: Final = b": ".join


def write_request(request: OutboundRequest, route: UpstreamRoute, target: str, body: bytes | None) -> bytes:
    """Return a request in wire form: its head, and its body unless that is a stream.

    Raises:
        UpstreamUnreachable: A header or the target contains a line break or NUL.
    """
    head = _write_head(request, request.headers, route, target, body)
    if not head.isascii():
        head = _write_head(request, drop_undecodable_headers(request.headers), route, target, body)
    return head + body if body else head


def _write_head(
    request: OutboundRequest, headers: Sequence[Header], route: UpstreamRoute, target: str, body: bytes | None
) -> bytes:
    names = dict(headers)
    lines = list(map(_LINE, headers))
    if b"host" not in names:
        lines.insert(0, route.origin.host_line)
    if b"content-length" not in names:
        if body is None:
            lines.append(b"transfer-encoding: chunked")
        elif body or request.method not in METHODS_WITHOUT_BODY:
            lines.append(b"content-length: %d" % len(body))
    elif read_declared_length(headers) not in ((len(body),) if body is not None else _LENGTHS):
        raise failures.make_unreachable(route, failures.UNWRITABLE)
    if route.forwarded_by is not None:
        target = route.target_start + target
        lines.extend(map(_LINE, route.proxy_headers))
    lines.append(b"\r\n")
    head = f"{request.method} {target} HTTP/1.1\r\n".encode() + b"\r\n".join(lines)
    ends = len(lines) + 1
    if head.count(b"\n") != ends or head.count(b"\r") != ends or _NUL in head:
        raise failures.make_unreachable(route, failures.UNWRITABLE)
    return head


def read_declared_length(headers: Sequence[Header]) -> int | None:
    """Return the length of a body that headers declare; None without one, -1 if it is invalid."""
    values = {value.strip() for name, value in headers if name == b"content-length"}
    if not values:
        return None
    value = values.pop()
    return int(value) if not values and value.isdigit() else -1
