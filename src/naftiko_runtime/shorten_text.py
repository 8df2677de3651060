"""Shortens texts for people to one line."""

from __future__ import annotations


def shorten_text(text: str, characters_max: int) -> str:
    """Return the first words of a text, in one line."""
    line = " ".join(text.split())
    if len(line) <= characters_max:
        return line or "-"
    cut = line[: characters_max - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"
