"""Which trace a request belongs to: W3C Trace Context, and who decides whether it is recorded."""

from __future__ import annotations

import re
from binascii import unhexlify
from contextvars import ContextVar
from random import SystemRandom
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from naftiko_runtime.telemetry.observer import Observation
    from naftiko_runtime.transport.base import Header

CURRENT: ContextVar[Observation | None] = ContextVar("naftiko_observation", default=None)
"""The request that runs here, when it is traced."""

SamplerName: TypeAlias = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]

_PARENT: Final = re.compile(rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_STATE_BYTES_MAX: Final = 512
"""What must at least be passed on of a ``tracestate``; a longer one is passed on as well, but not recorded."""


class Caller(Struct, frozen=True):
    """What a request says of the trace that it is part of.

    Attributes:
        trace_id: 16 bytes.
        span_id: The caller's, 8 bytes.
        sampled: Whether the caller records it.
        state: ``tracestate``, as it came.
    """

    trace_id: bytes
    span_id: bytes
    sampled: bool
    state: bytes


def caller_of(headers: Iterable[Header]) -> Caller | None:
    """The trace that a request's headers name; none when they name none, or not as W3C has it."""
    parent, states = None, b""
    for name, value in headers:
        if name == b"traceparent":
            if parent is not None:
                return None
            parent = value
        elif name == b"tracestate":
            states = states + b"," + value if states else value
    return None if parent is None else _read(parent, states)


def _read(parent: bytes, state: bytes) -> Caller | None:
    found = _PARENT.fullmatch(parent)
    if found is None or (found[1] == b"00" and found[5] is not None):
        return None
    recorded = state if len(state) <= _STATE_BYTES_MAX else b""
    return Caller(unhexlify(found[2]), unhexlify(found[3]), bool(int(found[4], 16) & 1), recorded)


class Sampler:
    """Decides for each request whether it is recorded."""

    def __init__(self, name: SamplerName, ratio: float) -> None:
        base = name.removeprefix("parentbased_")
        self._heeds_caller = base != name
        self._below = {"always_on": 1 << 64, "always_off": 0}.get(base, round(ratio * (1 << 64)))

    def takes(self, trace_id: bytes, caller: Caller | None) -> bool:
        """Whether a request of that trace is recorded; all programs that use a ratio agree on a trace."""
        if caller is not None and self._heeds_caller:
            return caller.sampled
        return int.from_bytes(trace_id[8:]) < self._below


def identifiers() -> Callable[[int], bytes]:
    """Makes random identifiers of so many bytes, never all zero; to be called in the process that uses it."""
    from random import Random  # noqa: PLC0415

    bits = Random(SystemRandom().getrandbits(128)).getrandbits  # noqa: S311 - names, not secrets

    def identifier(size: int) -> bytes:
        return (bits(8 * size) or 1).to_bytes(size)

    return identifier
