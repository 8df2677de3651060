"""Headers of a trace, as W3C Trace Context has them."""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.transport.base import Header

TRACEPARENT: Final = b"traceparent"
TRACESTATE: Final = b"tracestate"
_STATE_BYTES_MAX: Final = 512
"""Of a ``tracestate``: no more than must at least be passed on (W3C Trace Context, 3.3.1.5)."""
_STATE_MEMBERS_MAX: Final = 32
_MEMBER: Final = re.compile(
    rb"(?P<key>[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    rb"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_PARENT: Final = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?"
)


class Caller(Struct, frozen=True):
    """What a request says of the trace that it is part of.

    Attributes:
        trace_id: 16 bytes.
        span_id: The caller's, 8 bytes.
        parent: ``traceparent``, as it came.
        sampled: Whether the caller records it.
        state: ``tracestate``, see :func:`valid_state`.
    """

    trace_id: bytes
    span_id: bytes
    parent: bytes
    sampled: bool
    state: bytes


def caller_of(headers: Sequence[Header]) -> Caller | None:
    """The trace that a request's headers name; none when they name none, or not as W3C has it."""
    parents = [value for name, value in headers if name == TRACEPARENT]
    return _read(parents[0], b",".join(v for n, v in headers if n == TRACESTATE)) if len(parents) == 1 else None


def _read(parent: bytes, state: bytes) -> Caller | None:
    found = _PARENT.fullmatch(parent)
    if found is None or (found[1] == b"00" and found[5] is not None):
        return None
    sampled = bool(int(found[4], 16) & 1)
    return Caller(unhexlify(found[2]), unhexlify(found[3]), parent, sampled, valid_state(state))


def valid_state(state: bytes) -> bytes:
    """A ``tracestate`` without empty members; of members with one key the first. Empty when it is invalid or too long.

    Args:
        state: All headers of that name, joined by commas.
    """
    members = [member for part in state.split(b",") if (member := part.strip(b" \t"))]
    if len(members) > _STATE_MEMBERS_MAX:
        return b""
    kept: dict[bytes, bytes] = {}
    for member in members:
        if (found := _MEMBER.fullmatch(member)) is None:
            return b""
        kept.setdefault(found["key"], member)
    valid = b",".join(kept.values())
    return valid if len(valid) <= _STATE_BYTES_MAX else b""


def valid_headers(headers: Sequence[Header]) -> list[Header]:
    """The headers of a trace as they may be passed on; none when they name none, or not as W3C has it."""
    caller = caller_of(headers)
    if caller is None:
        return []
    return [(TRACEPARENT, caller.parent), *([(TRACESTATE, caller.state)] if caller.state else [])]


def trace_headers(parent: Any, state: Any) -> list[Header]:
    """What some other carrier than a request's head says of a trace, as headers; nothing when that cannot be one."""
    return valid_headers([(TRACEPARENT, _plain(parent)), (TRACESTATE, _plain(state))])


def _plain(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) and value.isascii() else b""
