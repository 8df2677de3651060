"""Rows of a table as objects; the first row names the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def records(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """The rows behind the first one, by its names.

    A column without a name is called by its number, and so is every one beyond the first row's; a name that comes again
    has its own count behind it (``Tons``, ``Tons 2``).
    """
    if not rows:
        return []
    header, *rest = rows
    names: list[str] = []
    _name_columns(names, header)
    widest = max(map(len, rest), default=0)
    _name_columns(names, [""] * (widest - len(names)))
    return [dict(zip(names, row, strict=False)) for row in rest]


def _name_columns(names: list[str], header: Sequence[str]) -> None:
    known, counts = set(names), dict.fromkeys(names, 1)
    for text in header:
        base = name = text or str(len(names) + 1)
        while name in known:
            counts[base] = counts.get(base, 1) + 1
            name = f"{base} {counts[base]}"
        known.add(name)
        names.append(name)
