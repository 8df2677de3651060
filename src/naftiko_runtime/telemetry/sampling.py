"""Decides for most requests whether they are recorded, without the OpenTelemetry SDK."""

from __future__ import annotations

from itertools import repeat
from random import getrandbits
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.telemetry.trace_headers import Caller

LOT_BITS: Final = 64
"""The last bits of a trace identifier, by which all programs with one ratio decide alike."""
_ALL: Final = 1 << LOT_BITS
_PARENT_BASED: Final = "parentbased_"


class Sampler:
    """Decides like the SDK's sampler of the same name, at a fraction of its cost.

    It may take a request that the SDK then drops, never the reverse: the SDK decides again for each request it takes.
    """

    def __init__(self, name: str, ratio: float) -> None:
        """Prepare the sampler.

        Args:
            name: The value of ``OTEL_TRACES_SAMPLER``.
            ratio: The share of recorded traces, 0 to 1, for samplers with a ratio.
        """
        base = name.removeprefix(_PARENT_BASED)
        own = {"always_on": _ALL, "always_off": 0, "traceidratio": round(ratio * _ALL)}
        self.follows_caller = base != name and base in own
        """Whether a request is not recorded if its caller does not record it."""
        self.below = own.get(base, _ALL)
        """Traces whose lot is below this are recorded; all of them if only the SDK can decide."""
        self._decides = base in own
        self.decisions: Iterator[bool] = _draw(self.below)
        """For each new trace, whether it may be recorded; one decision costs a call of C code."""

    def may_take(self, caller: Caller) -> bool:
        """Return whether a request that is part of a trace may be recorded."""
        if not self._decides:
            return True
        return caller.sampled if self.follows_caller else caller.lot < self.below


def _draw(below: int) -> Iterator[bool]:
    if below in (0, _ALL):
        return repeat(below == _ALL)
    return map(below.__gt__, map(getrandbits, repeat(LOT_BITS)))
