"""A caller's query string that goes through as it came, without the fields that are the document's own to send."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable


def fold_field_names(names: Iterable[str]) -> frozenset[bytes]:
    """Names of query fields as :func:`drop_fields` compares them."""
    return frozenset(_fold(name.encode("utf-8", "surrogateescape")) for name in names)


def list_query_names(query: str) -> list[str]:
    """The decoded names of a query's fields."""
    return [_decode_name(field.encode()).decode("utf-8", "surrogateescape") for field in query.split("&") if field]


def drop_fields(query: bytes, names: frozenset[bytes]) -> bytes:
    """A query without the fields of these names, in whatever spelling; all else stays byte for byte.

    Names are compared decoded, and without regard to case as many servers read them. Some servers also end a field at
    a semicolon, so what looks like a field behind one counts too.

    Args:
        query: As a caller gave it.
        names: As :func:`fold_field_names` makes them.
    """
    fields = query.split(b"&")
    kept = [field for field in (_without_parts(field, names) for field in fields) if field is not None]
    return b"&".join(kept)


def _without_parts(field: bytes, names: frozenset[bytes]) -> bytes | None:
    """A field without what a semicolon in it makes a field of one of the names; none when it is one itself."""
    if b";" in field:
        parts = field.split(b";")
        field = b";".join(part for part in parts if b"=" not in part or _fold(_decode_name(part)) not in names)
    return None if _fold(_decode_name(field)) in names else field


def _decode_name(field: bytes) -> bytes:
    return unquote_to_bytes(field.partition(b"=")[0].replace(b"+", b" "))


def _fold(name: bytes) -> bytes:
    return name.lower()
