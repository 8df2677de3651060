"""Reads the values of a REST call outside the body, as texts by input name.

A list is split before it is decoded, so an encoded comma stays in its item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus, unquote_to_bytes

from naftiko_runtime.errors import InputFault, Rejected
from naftiko_runtime.exposes.rest.path_dispatch import match_segment, split_segments
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.plan import Argument

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from naftiko_runtime.exposes.rest.path_dispatch import PathPattern
    from naftiko_runtime.upstream.interface import Header

_FIELDS_MAX: Final = 1000
_SEPARATOR: Final = "\ud800"
"""Stands for a comma that separates; no decoded path holds it."""

_HEADER_ITEM: Final = compile_lazily(r'\s*"((?:[^"\\]|\\.)*)"\s*(?=,|$)|[^,]+')
_QUOTED_PAIR: Final = compile_lazily(r"\\(.)")


def get_query_values(query: bytes, names: Collection[str], lists: Collection[str]) -> dict[str, Any]:
    """Return the declared query parameters as lists of texts.

    Raises:
        Rejected: The query is not UTF-8, or has too many fields.
    """
    if not names or not query:
        return {}
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
    except UnicodeDecodeError:
        raise Rejected(InputFault("", "query", "the query is not UTF-8 text")) from None
    except ValueError:
        raise Rejected(InputFault("", "query", f"the query has more than {_FIELDS_MAX} fields")) from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in names:
            values.setdefault(name, []).append(value)
    if lists:
        split_lists(query, values, lists)
    return values


def split_lists(encoded: bytes, values: dict[str, Any], lists: Collection[str]) -> None:
    """Split lists that are written as one value with commas."""
    for name in lists:
        if len(values.get(name, ())) == 1 and "," in values[name][0]:
            raw = next(value for key, value in _iter_raw_fields(encoded) if unquote_plus(key) == name)
            values[name] = [unquote_plus(item) for item in raw.split(",")]


def _iter_raw_fields(encoded: bytes) -> Iterable[tuple[str, str]]:
    for field in encoded.decode().split("&"):
        name, _, value = field.partition("=")
        yield name, value


def get_header_values(headers: Iterable[Header], names: Mapping[bytes, str], lists: Collection[str]) -> dict[str, Any]:
    """Return the declared headers. The lines of a repeated header are joined (RFC 9110, 5.3)."""
    values: dict[str, Any] = {}
    for header, value in headers:
        if (name := names.get(header)) is not None:
            values[name] = f"{values[name]}, {_decode_header(value)}" if name in values else _decode_header(value)
    for name in lists:
        if name in values:
            values[name] = _split_header_items(values[name])
    return values


def _split_header_items(text: str) -> list[str]:
    """Split a list in a header, and remove white space and quotes around the items (RFC 9110, 5.6.1)."""
    found = (match for match in _HEADER_ITEM.finditer(text) if match[0].strip())
    return [match[0].strip() if match[1] is None else _QUOTED_PAIR.sub(r"\1", match[1]) for match in found]


def _decode_header(value: bytes) -> str:
    """Decode a header: as UTF-8, which current clients send, or else as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def get_cookie_values(headers: Iterable[Header], names: Collection[str], lists: Collection[str]) -> dict[str, Any]:
    """Return the declared cookies, decoded. The first of two with one name counts (RFC 6265)."""
    values: dict[str, Any] = {}
    for header, value in headers:
        if header == b"cookie":
            for pair in _decode_header(value).split(";"):
                name, equals, text = pair.strip().partition("=")
                if equals and (name := unquote(name)) in names:
                    text = text.strip('"')
                    given = [unquote(item) for item in text.split(",")] if name in lists else unquote(text)
                    values.setdefault(name, given)
    return values


def find_path_lists(path: PathPattern, lists: Collection[str]) -> Sequence[tuple[int, PathPattern]]:
    """Return the segments of a route's path that contain lists, each with its number."""
    numbered = enumerate(split_segments(path))
    return [
        (n, segment) for n, segment in numbered if any(isinstance(p, Argument) and p.name in lists for p in segment)
    ]


def get_path_lists(raw_path: bytes, found: Sequence[tuple[int, PathPattern]], lists: Collection[str]) -> dict[str, Any]:
    """Return the lists in a path, by name."""
    values: dict[str, Any] = {}
    parts = raw_path.split(b"/")
    for number, segment in found:
        text = _SEPARATOR.join(unquote_to_bytes(item).decode() for item in parts[number].split(b","))
        given = match_segment(segment, text)
        if given is not None:  # otherwise a comma belongs to the route's own text
            values |= {name: value.split(_SEPARATOR) for name, value in given.items() if name in lists}
    return values
