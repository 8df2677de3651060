"""Text with separators: CSV, TSV and PSV. The first row names the columns, every other one is an object of texts."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from naftiko_runtime.formats.charset import as_text

if TYPE_CHECKING:
    from collections.abc import Callable


def decoder(separator: str) -> Callable[..., Any]:
    """The decoder for a separator."""

    def decode(body: bytes, charset: str = "utf-8") -> list[dict[str, str]]:
        """Decode a table.

        Raises:
            ValueError: It is not in its charset, two columns have one name, or a row has more fields than columns.
        """
        lines = io.StringIO(as_text(body, charset), newline="")
        rows = csv.reader(lines, delimiter=separator, strict=True)
        try:
            return _objects([row for row in rows if row])
        except csv.Error as error:
            raise ValueError(str(error)) from None

    return decode


def _objects(rows: list[list[str]]) -> list[dict[str, str]]:
    if not rows:
        return []
    header, *rest = rows
    if len(set(header)) != len(header):
        raise ValueError("two columns have the same name")
    for number, row in enumerate(rest, start=2):
        if len(row) > len(header):
            raise ValueError(f"row {number} has {len(row)} fields for {len(header)} columns")
    return [dict(zip(header, row, strict=False)) for row in rest]
