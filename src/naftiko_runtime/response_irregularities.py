"""What was irregular in a response, and was read all the same."""

from __future__ import annotations


class Irregularities:
    """Counts irregular rows and values, and remembers what the latest was; never the value itself."""

    __slots__ = ("count", "latest")

    def __init__(self) -> None:
        self.count = 0
        self.latest = ""

    def add(self, what: str, count: int = 1) -> None:
        """Count some of one kind."""
        if count:
            self.count += count
            self.latest = what
