"""Names of headers, as they come in on every wire."""

from __future__ import annotations

from typing import Final

_KNOWN_MAX: Final = 2048
_known: dict[bytes, bytes] = {}


def lower_name(name: bytes) -> bytes:
    """A header's name in lower case. The same few come again and again, and are then the same object."""
    known = _known.get(name)
    if known is None:
        known = name.lower()
        if len(_known) < _KNOWN_MAX:  # names are the other side's choice
            _known[name] = known
    return known
