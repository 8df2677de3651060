"""CSV, TSV and PSV. The first row names the columns. Every other row is an object of texts."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from naftiko_runtime.formats.decode_text import decode_text
from naftiko_runtime.formats.table_rows import make_records
from naftiko_runtime.limits import RESPONSE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.decoding_irregularities import Irregularities
    from naftiko_runtime.formats.decoder_type import Decode

csv.field_size_limit(RESPONSE_BYTES_MAX)  # the process's; by itself it is 131,072


def make_decoder(separator: str) -> Decode:
    """Return the decoder for a separator."""
    fields = re.compile(
        rf'(?:"(?P<quoted>(?:[^"]|"")*+)"(?P<rest>[^{re.escape(separator)}\r\n]*)|(?P<plain>[^{re.escape(separator)}\r\n]*))'
        rf"(?P<end>{re.escape(separator)}|\r\n?|\n|\Z)"
    )

    def decode(body: bytes, charset: str | None, notes: Irregularities) -> list[dict[str, Any]]:
        text = decode_text(body, charset, notes)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error:
            rows = list(_read_leniently(text, fields, notes))
        return make_records([row for row in rows if row], notes)

    return decode


def _read_leniently(text: str, fields: re.Pattern[str], notes: Irregularities) -> Iterator[list[str]]:
    """Read rows with misplaced quotes: text after a closing quote is part of the field.

    A quote that is never closed is an ordinary character.
    """
    row: list[str] = []
    for found in fields.finditer(text):
        if (quoted := found["quoted"]) is None:
            row.append(found["plain"])
            notes.add("a quote that is not closed", found["plain"].startswith('"'))
        else:
            row.append(quoted.replace('""', '"') + ("" if found["rest"].isspace() else found["rest"]))
            notes.add("text after a closing quote", bool(found["rest"]))
        if found["end"] in ("\r", "\n", "\r\n", ""):
            yield [] if row == [""] and not found[0].strip() else row
            row = []
