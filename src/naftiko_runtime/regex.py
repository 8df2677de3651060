"""Patterns that documents give: regular expressions that take linear time, whatever the text.

They are RE2's (no look-around, no back references).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PatternError(ValueError):
    """A pattern that does not compile; the text says why."""


class Pattern:
    """A compiled pattern; ``text`` is what the document wrote. No data class: every path imports this one."""

    __slots__ = ("_search", "text")

    def __init__(self, text: str, search: Callable[[str], object | None]) -> None:
        self.text = text
        self._search = search

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Pattern) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def matches(self, text: str) -> bool:
        """Whether the pattern is found in a text; never in one that is no valid Unicode."""
        try:
            return self._search(text) is not None
        except UnicodeEncodeError:
            return False


def compile_pattern(text: str, *, whole: bool = False) -> Pattern:
    """Compile a pattern.

    Args:
        text: The pattern.
        whole: Whether it matches whole texts; otherwise it matches anywhere in one, as in JSON Schema.

    Raises:
        PatternError: It is none, or uses what would not be linear.
    """
    import re2  # noqa: PLC0415 - few documents have patterns

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
        return Pattern(text, compiled.fullmatch if whole else compiled.search)
    except (re2.error, UnicodeEncodeError) as error:
        raise PatternError(_reason(error)) from None


def _reason(error: Exception) -> str:
    words = error.args[0] if error.args else ""
    return words.decode(errors="replace") if isinstance(words, bytes) else str(words)
