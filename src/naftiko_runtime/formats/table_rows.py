"""Converts the rows of a table to objects. The first row names the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.decoding_irregularities import Irregularities


def make_records(rows: Sequence[Sequence[str]], notes: Irregularities) -> list[dict[str, Any]]:
    """Return the rows after the first one as objects, by the names in the first row.

    Of two columns with the same name the later one counts. A short row has empty cells. Surplus cells are a list at the
    empty name.
    """
    if not rows:
        return []
    header, *rest = rows
    width = len(header)
    notes.add("a column of the same name as another", width - len(set(header)))
    # Names and cells are separate rows of the table.
    if {width}.issuperset(map(len, rest)):
        return [dict(zip(header, row, strict=True)) for row in rest]
    objects: list[dict[str, Any]] = []
    for row in rest:
        fields: dict[str, Any] = dict.fromkeys(header, "") | dict(zip(header, row, strict=False))
        if len(row) > width:
            fields[""] = row[width:]
        notes.add("a row of another length than the first", len(row) != width)
        objects.append(fields)
    return objects


def number_columns(header: Sequence[str]) -> list[str]:
    """Return the names of columns. A column without a name gets its number."""
    return [name or str(number) for number, name in enumerate(header, start=1)]
