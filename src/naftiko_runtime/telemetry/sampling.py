"""Decides for most requests whether they are recorded, without asking the OpenTelemetry SDK."""

from __future__ import annotations

from itertools import repeat
from random import getrandbits
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.telemetry.trace_headers import Caller

LOT_BITS: Final = 64
"""Of a trace's identifier: the last ones, by which all programs that use a ratio agree on a trace."""
_ALL: Final = 1 << LOT_BITS
_PARENT_BASED: Final = "parentbased_"


class Sampler:
    """Says what the SDK's own sampler of a name would say, for a fraction of its cost.

    It may say yes where that one says no, never the other way round: who is told yes asks the SDK next.
    """

    def __init__(self, name: str, ratio: float) -> None:
        """Prepare it.

        Args:
            name: As ``OTEL_TRACES_SAMPLER`` has it.
            ratio: Of traces that are recorded, for samplers with one.
        """
        base = name.removeprefix(_PARENT_BASED)
        own = {"always_on": _ALL, "always_off": 0, "traceidratio": round(ratio * _ALL)}
        self.follows_caller = base != name and base in own
        """Whether a request whose caller does not record it is not recorded."""
        self.below = own.get(base, _ALL)
        """Traces whose lot is below this are recorded; all are when only the SDK can say."""
        self._decides = base in own
        self.decisions: Iterator[bool] = _draw(self.below)
        """Whether a trace that begins here may be recorded, one after the other; each costs a call of C code."""

    def may_take(self, caller: Caller) -> bool:
        """Whether a request that is part of a trace may be recorded."""
        if not self._decides:
            return True
        return caller.sampled if self.follows_caller else caller.lot < self.below


def _draw(below: int) -> Iterator[bool]:
    if below in (0, _ALL):
        return repeat(below == _ALL)
    return map(below.__gt__, map(getrandbits, repeat(LOT_BITS)))
