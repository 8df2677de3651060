"""Finds the next page of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from naftiko_runtime.encode_for_place import PATH_SAFE, encode_query, format_text
from naftiko_runtime.engine.caller_query import drop_fields, fold_field_names, keep_fields
from naftiko_runtime.engine.link_header import find_link
from naftiko_runtime.engine.represented_resource import find_path_below
from naftiko_runtime.jsonpath import compile_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.plan import Pagination

FindNext: TypeAlias = "Callable[[object, OperationResult, int, int], str | None]"
"""From the value of a page, its response, its number, and the items up to its end, to the URL of the next page.

None if there is no next page, :data:`NEVER` if it may not be requested.
"""

_QUERY_SAFE: Final = PATH_SAFE + "?[]|"
"""Characters of a link's query that are sent as they are: some APIs compare them with what they sent."""

NEVER: Final = "never"
"""Stands for a URL that may not be requested."""


def set_first_page(plan: Pagination, url: str) -> str:
    """Return the URL of the first page."""
    if plan.type == "link":
        return url
    return _set_field(url, plan.parameter, None if plan.type == "cursor" else str(plan.start))


def compile_next(plan: Pagination, base_uri: str, secret_fields: frozenset[bytes]) -> FindNext:
    """Compile what leads to the next page.

    Args:
        plan: The pagination.
        base_uri: The base URI of the API. Links lead to no other place.
        secret_fields: The names of the query fields that hold secrets. Links never set them.
    """
    name = plan.parameter
    match plan.type:
        case "page":
            return lambda _value, result, number, _items: _set_field(result.url, name, str(plan.start + number))
        case "offset":
            return lambda _value, result, _number, items: _set_field(result.url, name, str(plan.start + items))
        case "cursor":
            return _compile_cursor(name, plan.next or "$")
        case "link":
            return _compile_link(plan.next, base_uri, secret_fields)


def _compile_cursor(name: str, path: str) -> FindNext:
    get = compile_path(path).get

    def find(value: object, result: OperationResult, _number: int, _items: int) -> str | None:
        text = _read_text(get(value))
        return None if text is None else _set_field(result.url, name, text)

    return find


def _compile_link(path: str | None, base_uri: str, secret_fields: frozenset[bytes]) -> FindNext:
    get = None if path is None else compile_path(path).get
    base = urlsplit(base_uri)

    def find(value: object, result: OperationResult, _number: int, _items: int) -> str | None:
        target = find_link(result.response.headers, "next") if get is None else _read_text(get(value))
        if not target:
            return None
        try:
            split = urlsplit(urljoin(result.url, target))
            if find_path_below(split, base_uri) is None:
                return NEVER
            query = drop_fields(quote(split.query, safe=_QUERY_SAFE).encode(), secret_fields)
            path = quote(split.path, safe=PATH_SAFE)
        except ValueError:  # it is not a URL, or not Unicode
            return NEVER
        own = keep_fields(urlsplit(result.url).query.encode("latin-1"), secret_fields)
        fields = b"&".join(part for part in (query, own) if part).decode("latin-1")
        return split._replace(scheme=base.scheme, netloc=base.netloc, path=path, query=fields, fragment="").geturl()

    return find


def _read_text(value: object) -> str | None:
    """Return a cursor or a link as text. None for what ends a list: nothing, false, and an empty text."""
    if value is None or value is False or value == "" or isinstance(value, dict | list):
        return None
    return format_text(value)


def _set_field(url: str, name: str, value: str | None) -> str:
    """Return a URL with one query field of a name, or without any."""
    path, _, query = url.partition("?")
    kept = drop_fields(query.encode("latin-1"), fold_field_names([name])).decode("latin-1") if query else ""
    field = "" if value is None else f"{encode_query(name)}={encode_query(value)}"
    query = "&".join(part for part in (kept, field) if part)
    return f"{path}?{query}" if query else path
