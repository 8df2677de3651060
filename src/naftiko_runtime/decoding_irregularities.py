"""Counts irregular parts of a response that were decoded anyway."""

from __future__ import annotations


class Irregularities:
    """Counts irregular rows and values, and keeps the kind of the latest one, never the value."""

    __slots__ = ("count", "latest")

    def __init__(self) -> None:
        self.count = 0
        self.latest = ""

    def add(self, what: str, count: int = 1) -> None:
        """Count irregularities of one kind. A count of 0 changes nothing."""
        if count:
            self.count += count
            self.latest = what
