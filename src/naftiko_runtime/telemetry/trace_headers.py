"""Headers of a trace, as W3C Trace Context has them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.upstream.interface import Header

TRACEPARENT: Final = b"traceparent"
TRACESTATE: Final = b"tracestate"
_STATE_BYTES_MAX: Final = 512
"""Of a ``tracestate``: no more than must at least be passed on (W3C Trace Context, 3.3.1.5)."""
_STATE_MEMBERS_MAX: Final = 32
_MEMBER: Final = re.compile(
    rb"(?P<key>[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    rb"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
)
_LATER_PARENT: Final = re.compile(
    rb"(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?"
)
_PARENT_BYTES: Final = 55
_DASH: Final = ord("-")
_HEX: Final = b"0123456789abcdef"
_ODD: Final = b"13579bdf"
_NO_TRACE: Final = b"0" * 32
_NO_SPAN: Final = b"0" * 16


class Caller(Struct, frozen=True):
    """The trace that the headers of a request name.

    Attributes:
        parent: A valid ``traceparent``: the trace in bytes 3 to 35, the span in bytes 36 to 52.
        sampled: Whether the caller records it.
        state: ``tracestate``, see :func:`clean_state`.
    """

    parent: bytes
    sampled: bool
    state: bytes

    @property
    def lot(self) -> int:
        """The last 64 bits of the trace identifier, by which samplers with a ratio decide."""
        return int(self.parent[19:35], 16)

    def make_headers(self) -> list[Header]:
        """Return the headers to pass on."""
        parent = (TRACEPARENT, self.parent)
        return [parent, (TRACESTATE, self.state)] if self.state else [parent]


def read_caller(headers: Sequence[Header]) -> Caller | None:
    """Return the trace that headers name; None if they name none, or are not valid by W3C Trace Context."""
    by_name = dict(headers)
    parent, state = by_name.get(TRACEPARENT), by_name.get(TRACESTATE, b"")
    if len(by_name) != len(headers):  # a header has several lines; it may be one of these two
        if sum(name == TRACEPARENT for name, _ in headers) > 1:
            return None
        state = b",".join([value for name, value in headers if name == TRACESTATE])
    if parent is None or not _is_valid(parent):
        return None
    return Caller(parent, parent[54] in _ODD, clean_state(state) if state else b"")


@lru_cache(maxsize=64)
def _is_valid(parent: bytes) -> bool:
    """Return whether a ``traceparent`` is valid; version 00 is checked without a pattern, which is faster.

    Each request asks twice: to record it, and to call its upstream.
    """
    if not parent.startswith(b"00-"):
        return _LATER_PARENT.fullmatch(parent) is not None
    return (
        len(parent) == _PARENT_BYTES
        and parent[35] == parent[52] == _DASH
        and parent.translate(None, _HEX) == b"---"
        and parent[3:35] != _NO_TRACE
        and parent[36:52] != _NO_SPAN
    )


def clean_state(state: bytes) -> bytes:
    """Return a ``tracestate`` without empty members and duplicate keys; empty if it is invalid or too long.

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


def filter_trace_headers(headers: Sequence[Header]) -> list[Header]:
    """Return the trace headers to pass on; none if they are missing, or not valid by W3C Trace Context."""
    caller = read_caller(headers)
    return [] if caller is None else caller.make_headers()


def make_trace_headers(parent: Any, state: Any) -> list[Header]:
    """Return headers for a trace that another carrier than HTTP headers names; none if it is not valid."""
    return filter_trace_headers([(TRACEPARENT, _encode_ascii(parent)), (TRACESTATE, _encode_ascii(state))])


def _encode_ascii(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) and value.isascii() else b""
