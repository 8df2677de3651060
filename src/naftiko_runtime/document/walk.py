"""Walks a document: its parts, and the data of parts that have no model yet, with names and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.model.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import KeyPath


def walk_parts(value: object) -> Iterator[Part]:
    """Yield a part, and all below it."""
    if isinstance(value, Part):
        yield value
        for name in value.model_fields_set & type(value).model_fields.keys():
            yield from walk_parts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from walk_parts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from walk_parts(item)


def iter_texts(data: Any, key_path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield the texts of a document's data, each with its path."""
    if isinstance(data, str):
        yield key_path, data
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from iter_texts(item, (*key_path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from iter_texts(item, (*key_path, index))


def iter_entries(value: Any, key_path: KeyPath) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    """Yield the mappings of a list, or of a map by name, each with its path.

    The key of a map's entry becomes its name.
    """
    if isinstance(value, dict):
        yield from (({"name": name, **e}, (*key_path, name)) for name, e in value.items() if isinstance(e, dict))
    elif isinstance(value, list):
        yield from ((entry, (*key_path, index)) for index, entry in enumerate(value) if isinstance(entry, dict))


def iter_parts(data: dict[str, Any], section: str) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    """Yield the parts of a section, of the root and of the capability, each with its path."""
    yield from iter_entries(data.get(section), (section,))
    if isinstance(capability := data.get("capability"), dict):
        yield from iter_entries(capability.get(section), ("capability", section))
