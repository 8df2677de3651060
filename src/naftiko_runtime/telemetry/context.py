"""Which trace runs here, and who decides whether a request is recorded."""

from __future__ import annotations

import os
import struct
import sys
from contextvars import ContextVar
from functools import partial
from itertools import chain, repeat
from math import log, log1p
from operator import itemgetter
from random import Random
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.telemetry.instruments import Observation
    from naftiko_runtime.telemetry.trace_headers import Caller

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

_IDENTIFIERS: Final = 1024
"""How many are asked of the system at once."""


class Sampler:
    """Decides for each request whether it is recorded. To be made by the process that uses it."""

    def __init__(self, name: SamplerName, ratio: float) -> None:
        base = name.removeprefix("parentbased_")
        self._heeds_caller = base != name
        below = {"always_on": 1 << 64, "always_off": 0}.get(base, round(ratio * (1 << 64)))
        self._below = below
        self.sampling_decisions = _sampling_decisions(below / (1 << 64))
        """Whether a trace that begins here is recorded, one after the other."""
        self._random = identifiers(16)

    def takes(self, caller: Caller) -> bool:
        """Whether a request that is part of a trace is recorded; all programs that use a ratio agree on a trace."""
        return caller.sampled if self._heeds_caller else int.from_bytes(caller.trace_id[8:]) < self._below

    def root(self) -> bytes:
        """The identifier of a trace that begins here and is recorded: one that :meth:`takes` would take."""
        drawn = next(self._random)
        if self._below == 1 << 64:
            return drawn
        return drawn[:8] + (int.from_bytes(drawn[8:]) * self._below >> 64).to_bytes(8)


def _sampling_decisions(chance: float) -> Iterator[bool]:
    """Yes with that chance, without end; how many times no comes first is drawn at once, so that a no costs nothing."""
    if chance in (0, 1):
        return repeat(chance == 1)
    draw, scale = Random().random, log1p(-chance)  # noqa: S311 - nothing that anybody must not guess

    def runs() -> Iterator[Iterator[bool]]:
        while True:
            yield repeat(False, min(int(log(1 - draw()) / scale), sys.maxsize))
            yield repeat(True, 1)

    return chain.from_iterable(runs())


def identifiers(size: int) -> Iterator[bytes]:
    """Random identifiers of so many bytes, without end; to be made by the process that uses them.

    It asks the system for many at once, and takes none of Python's own steps for one.
    """
    blocks = iter(partial(os.urandom, size * _IDENTIFIERS), b"")
    return map(itemgetter(0), chain.from_iterable(map(struct.Struct(f"{size}s").iter_unpack, blocks)))
