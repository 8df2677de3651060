"""Spans as OpenTelemetry's collectors take them: protocol buffers, written from pieces that were encoded before.

All that is the same for every request of a route with one outcome (name, attributes, status) is encoded once; what is
left (identifiers and times) has a fixed size, so that a span costs one ``struct`` call. The official encoder reads what
is written here in the tests. Source: opentelemetry-proto 1.x, trace.proto.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from naftiko_runtime._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value: TypeAlias = str | int
Kind: TypeAlias = Literal["server", "client"]

_KINDS: Final = {"server": 2, "client": 3}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_ERROR: Final = 2
_SAMPLED: Final = 1


def _tag(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    """Base 128, least significant first."""
    pieces = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    pieces.append(value)
    return bytes(pieces)


def _field(number: int, content: bytes | str | int) -> bytes:
    if isinstance(content, int):
        return _tag(number, _VARINT) + _varint(content & (1 << 64) - 1)
    encoded = content.encode() if isinstance(content, str) else content
    return _tag(number, _BYTES) + _varint(len(encoded)) + encoded


def _attributes(number: int, attributes: Mapping[str, Value]) -> bytes:
    """Key-value pairs: a key, and one of several kinds of value."""
    pairs = ((key, _field(3 if isinstance(value, int) else 1, value)) for key, value in attributes.items())
    return b"".join(_field(number, _field(1, key) + _field(2, value)) for key, value in pairs)


_TRACE_ID: Final = _tag(1, _BYTES) + b"\x10"
_SPAN_ID: Final = _tag(2, _BYTES) + b"\x08"
_STATE: Final = 3
_PARENT_ID: Final = _tag(4, _BYTES) + b"\x08"
_START: Final = _tag(7, _FIXED64)
_END: Final = _tag(8, _FIXED64)
_SPANS: Final = 2
_ROOT: Final = "2s16s2s8ssQsQ"
_CHILD: Final = f"{_ROOT}2s8s"


class Template:
    """A span of which only identifiers and times are missing."""

    __slots__ = ("_child", "_child_head", "_rest", "_root", "_root_head")

    def __init__(self, name: str, kind: Kind, attributes: Mapping[str, Value], *, failed: bool) -> None:
        self._rest = rest = b"".join(
            (
                _field(5, name),
                _field(6, _KINDS[kind]),
                _attributes(9, attributes),
                _field(15, _field(3, _ERROR)) if failed else b"",
                _tag(16, _FIXED32) + _SAMPLED.to_bytes(4, "little"),
            )
        )
        self._root_head, self._root = _laid_out(_ROOT, rest)
        self._child_head, self._child = _laid_out(_CHILD, rest)

    def filled(
        self, trace_id: bytes, span_id: bytes, parent_id: bytes, start_ns: int, end_ns: int, state: bytes = b""
    ) -> bytes:
        """The span, as it stands in a batch.

        Args:
            trace_id: 16 bytes.
            span_id: 8 bytes.
            parent_id: 8 bytes; none for a root.
            start_ns: Since the epoch.
            end_ns: Since the epoch.
            state: ``tracestate``.
        """
        rest = self._rest
        if parent_id:
            head, pack = self._child_head, self._child
            span = pack(
                head,
                _TRACE_ID,
                trace_id,
                _SPAN_ID,
                span_id,
                _START,
                start_ns,
                _END,
                end_ns,
                _PARENT_ID,
                parent_id,
                rest,
            )
        else:
            head, pack = self._root_head, self._root
            span = pack(head, _TRACE_ID, trace_id, _SPAN_ID, span_id, _START, start_ns, _END, end_ns, rest)
        return _field(_SPANS, span[len(head) :] + _field(_STATE, state)) if state else span


def _laid_out(core: str, rest: bytes) -> tuple[bytes, Callable[..., bytes]]:
    """What stands before a span in a batch, and what writes both: all parts have one size in every span."""
    head = _tag(_SPANS, _BYTES) + _varint(struct.calcsize(f"<{core}") + len(rest))
    return head, struct.Struct(f"<{len(head)}s{core}{len(rest)}s").pack


class Batches:
    """Writes spans as requests to a collector; what they all say of the program is encoded once."""

    def __init__(self, resource: Mapping[str, Value]) -> None:
        self._resource = _field(1, _attributes(1, resource))
        self._scope = _field(1, _field(1, "naftiko_runtime") + _field(2, __version__))

    def request(self, spans: Sequence[bytes]) -> bytes:
        """An ExportTraceServiceRequest with spans as :meth:`Template.filled` wrote them."""
        return _field(1, self._resource + _field(2, self._scope + b"".join(spans)))


def rejected(answer: bytes, spans: int) -> tuple[int, str]:
    """How many of so many spans a collector says that it rejected in an ExportTraceServiceResponse, and why.

    Raises:
        ValueError: It is none.
    """
    match _fields(answer).get(1, b""):
        case bytes(partial):
            found = _fields(partial)
            match found.get(1, 0), found.get(2, b""):
                case int(count), bytes(why) if count <= spans:
                    return count, why.decode("utf-8", "replace")
    raise ValueError("not a response")


def _fields(message: bytes) -> dict[int, int | bytes]:
    """A message's fields of the two wire types that responses have; the last of each counts."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if tag & 7 == _BYTES:
            found[tag >> 3], at = message[at : at + value], at + value
        elif tag & 7 == _VARINT:
            found[tag >> 3] = value
        else:
            raise ValueError("not a response")
    if at > len(message):
        raise ValueError("not a response")
    return found


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(message):
            break
        byte = message[at]
        value, at = value | (byte & 0x7F) << shift, at + 1
        if byte < 0x80:  # noqa: PLR2004
            return value, at
    raise ValueError("not a response")
