"""Names of HTTP headers in lower case."""

from __future__ import annotations

from typing import Final

_KNOWN_MAX: Final = 2048
_known: dict[bytes, bytes] = {}


def lower_name(name: bytes) -> bytes:
    """Return a header's name in lower case. Frequent names are cached: they are the same object every time."""
    known = _known.get(name)
    if known is None:
        known = name.lower()
        if len(_known) < _KNOWN_MAX:  # names are the other side's choice
            _known[name] = known
    return known
