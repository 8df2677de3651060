"""Encodes fields of queries and forms, with lists and objects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from naftiko_runtime.encode_for_place import encode_query, encode_query_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.plan import ListStyle

EncodeFields: TypeAlias = Callable[[str, object], list[str]]
"""From an encoded name and a value to ``name=value`` texts."""


def encode_field(name: str, value: Any) -> list[str]:
    """Encode a field of a query as ``name=value`` texts. A list repeats the name, and an object is JSON.

    Args:
        name: The name, already encoded.
        value: Any value; null gives no field.
    """
    if not isinstance(value, list):
        return [] if value is None else [f"{name}={encode_query(value)}"]
    return [f"{name}={encode_query(item)}" for item in value if item is not None]


def encode_form_field(name: str, value: Any) -> list[str]:
    """Encode a field of a form. Objects, and lists with lists or objects in them, are written with brackets."""
    if isinstance(value, dict | list):
        return [f"{name}{encode_query(rest)}={encode_query(leaf)}" for rest, leaf in flatten(value)]
    return encode_field(name, value)


def flatten(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the scalars in a value, each with the suffix of its name: ``[key]``, ``[0][key]``, ``[key][]``.

    A list of scalars repeats the field's name itself; inside an object it has ``[]``. Null is left out.
    """
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        yield from (("", item) for item in value if item is not None)
    else:
        yield from _flatten_below("", value)


def _flatten_below(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flatten_below(f"{prefix}[{key}]", item)
    elif isinstance(value, list):
        numbered = any(isinstance(item, dict | list) for item in value)
        for index, item in enumerate(value):
            yield from _flatten_below(f"{prefix}[{index if numbered else ''}]", item)
    elif value is not None:
        yield prefix, value


def _encode_joined(name: str, value: Any, *, separator: str) -> list[str]:
    if not isinstance(value, list):
        return encode_field(name, value)
    items = [item for item in value if item is not None]
    return [f"{name}={encode_query_list(items, separator)}"] if items else []


def _encode_deep(name: str, value: Any) -> list[str]:
    return encode_form_field(name, value) if isinstance(value, dict) else encode_field(name, value)


STYLES: Final[dict[ListStyle, EncodeFields]] = {
    "repeat": encode_field,
    "comma": partial(_encode_joined, separator=","),
    "space": partial(_encode_joined, separator=" "),
    "pipe": partial(_encode_joined, separator="|"),
    "deep": _encode_deep,
}
"""How a list or object in a query is written."""
