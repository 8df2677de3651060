"""Passes on a caller's query string unchanged, without the fields that the document itself sends."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable


def fold_field_names(names: Iterable[str]) -> frozenset[bytes]:
    """Convert names of query fields for :func:`drop_fields`."""
    return frozenset(_fold(name.encode("utf-8", "surrogateescape")) for name in names)


def list_query_names(query: str) -> list[str]:
    """List the decoded names of a query's fields."""
    return [_decode_name(field.encode()).decode("utf-8", "surrogateescape") for field in query.split("&") if field]


def drop_fields(query: bytes, names: frozenset[bytes]) -> bytes:
    """Drop the fields of these names, in any encoding; keep everything else byte for byte.

    Names are compared decoded, and without case, as many servers do. Some servers also end a field at a semicolon, so
    the text after a semicolon counts as a field too.

    Args:
        query: The caller's query.
        names: From :func:`fold_field_names`.
    """
    fields = query.split(b"&")
    kept = [field for field in (_drop_parts(field, names) for field in fields) if field is not None]
    return b"&".join(kept)


def keep_fields(query: bytes, names: frozenset[bytes]) -> bytes:
    """Keep only the fields of these names, byte for byte; arguments as for :func:`drop_fields`."""
    return b"&".join(field for field in query.split(b"&") if _fold(_decode_name(field)) in names)


def _drop_parts(field: bytes, names: frozenset[bytes]) -> bytes | None:
    """Drop the parts between semicolons that are fields of these names; None if the field itself is one."""
    if b";" in field:
        parts = field.split(b";")
        field = b";".join(part for part in parts if b"=" not in part or _fold(_decode_name(part)) not in names)
    return None if _fold(_decode_name(field)) in names else field


def _decode_name(field: bytes) -> bytes:
    return unquote_to_bytes(field.partition(b"=")[0].replace(b"+", b" "))


def _fold(name: bytes) -> bytes:
    return name.lower()
