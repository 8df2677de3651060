"""Regular expressions of documents, compiled by RE2: linear time, without look-around and back references."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PatternError(ValueError):
    """A pattern does not compile. The message gives the reason."""


class Pattern:
    """A compiled pattern. It is no dataclass: importing those takes time, and every path imports this module.

    Attributes:
        text: The pattern as the document writes it.
    """

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
        """Return whether it matches; never for text that is not valid Unicode."""
        try:
            return self._search(text) is not None
        except UnicodeEncodeError:
            return False


def compile_pattern(text: str, *, whole: bool = False) -> Pattern:
    """Compile a pattern.

    Args:
        text: The pattern.
        whole: Whether it must match the whole text; otherwise it may match anywhere, as in JSON Schema.

    Raises:
        PatternError: It is invalid, or has no linear-time form.
    """
    import re2  # noqa: PLC0415 - few documents have patterns

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
        return Pattern(text, compiled.fullmatch if whole else compiled.search)
    except (re2.error, UnicodeEncodeError) as error:
        raise PatternError(_describe(error)) from None


def _describe(error: Exception) -> str:
    words = error.args[0] if error.args else ""
    return words.decode(errors="replace") if isinstance(words, bytes) else str(words)
