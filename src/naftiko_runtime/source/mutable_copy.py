"""A copy of a document's data that can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.source.source import Places, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.source.source import KeyPath, Mark


class Draft:
    """A copy of a document's data that can be changed. Its entries keep their places in the file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._places = Places()
        self._places.root = source.places.root
        self._places.files = dict(source.places.files)
        self.data = self._copy(source.data, source.places)

    def _copy(self, value: Any, places: Places) -> Any:
        if isinstance(value, dict):
            copy: Any = {key: self._copy(item, places) for key, item in value.items()}
        elif isinstance(value, list):
            copy = [self._copy(item, places) for item in value]
        else:
            return value
        self._places.register(copy, dict(places.get_entries(value)))
        if (owner := places.find_owner(value, self._source)) is not self._source:
            self._places.set_owner(copy, owner)
        for key in value if places.key_sources and isinstance(value, dict) else ():
            if (source := places.key_sources.get((id(value), key))) is not None:
                self._places.key_sources[id(copy), key] = source
        return copy

    def get(self, key_path: KeyPath) -> Any:
        """Return the value at a path that exists, in the copy."""
        value = self.data
        for key in key_path:
            value = value[key]
        return value

    def mount(self, entries: list[Any], index: int, source: Source, key_path: KeyPath) -> dict[str, Any]:
        """Replace an entry by a copy of a mapping of another file, with its places in that file. Return the copy."""
        copy: dict[str, Any] = self._copy(source.get(key_path), source.places)
        self._places.set_owner(copy, source)
        self._get_entries(entries)[index] = source.places.get_entries(source.get(key_path[:-1]))[key_path[-1]]
        entries[index] = copy
        return copy

    def append(
        self, holder: dict[str, Any], key: str, source: Source, key_path: KeyPath, marks: tuple[Mark, Mark]
    ) -> dict[str, Any]:
        """Add a copy of a mapping of another file to a list of this file. Return the copy.

        Args:
            holder: The mapping that has the list, or gets it.
            key: The key of the list.
            source: The other file.
            key_path: The path in the other file.
            marks: The place of the reference in this file. A new list gets this place.
        """
        if key not in holder:
            holder[key] = []
            self._places.register(holder[key], {})
            self._get_entries(holder)[key] = marks
        entries = holder[key]
        entries.append(None)
        return self.mount(entries, len(entries) - 1, source, key_path)

    def copy_key(self, mapping: dict[str, Any], key: str, original: dict[str, Any], of: str) -> None:
        """Set a key of a mapping of another file to the value at a key of a mapping of this file."""
        self._get_entries(mapping)[key] = self._places.get_entries(original)[of]
        self._places.key_sources[id(mapping), key] = self._source
        mapping[key] = original[of]

    def add_file(self, source: Source) -> None:
        """Record another file of which nothing is mounted, so that its lines can be quoted."""
        self._places.files[source.file] = source

    def remove_entry(self, entries: list[Any], index: int) -> None:
        """Remove an entry from a list."""
        del entries[index]
        marks = [mark for number, mark in self._places.get_entries(entries).items() if number != index]
        self._places.register(entries, dict(enumerate(marks)))

    def build(self) -> Source:
        """Return the source with all changes."""
        return Source(self._source.file, self._source.text, self.data, self._places)

    def rename_key(self, mapping: dict[str, Any], old: str, new: str) -> None:
        """Rename a key. Its position does not change."""
        containers: tuple[dict[Any, Any], ...] = (mapping, self._get_entries(mapping))
        for container in containers:
            items = [(new if key == old else key, value) for key, value in container.items()]
            container.clear()
            container.update(items)

    def convert_to_list(self, mapping: dict[str, Any], key: str) -> None:
        """Convert a mapping of mappings at a key to a list. Each key becomes the ``name`` of its entry."""
        named = mapping[key]
        marks = self._get_entries(named)
        entries = [self._add_name(name, entry, marks.get(name)) for name, entry in named.items()]
        places: dict[str | int, tuple[Mark, Mark]] = {
            index: marks[name] for index, name in enumerate(named) if name in marks
        }
        self._places.register(entries, places)
        mapping[key] = entries

    def wrap_in_list(self, mapping: dict[str, Any], key: str) -> None:
        """Replace the value at a key by a list with this one entry."""
        entries = [mapping[key]]
        self._places.register(
            entries, {0: self._get_entries(mapping)[key]} if key in self._get_entries(mapping) else {}
        )
        mapping[key] = entries

    def replace_by_entry(self, mapping: dict[str, Any], key: str, of: str | int) -> None:
        """Replace the list or mapping at a key by one of its entries."""
        marks = self._places.get_entries(mapping[key]).get(of)
        if marks is not None and key in self._get_entries(mapping):
            self._get_entries(mapping)[key] = (self._get_entries(mapping)[key][0], marks[1])
        mapping[key] = mapping[key][of]

    def convert_to_map(self, mapping: dict[str, Any], key: str) -> None:
        """Convert a list of mappings at a key, each with a ``name``, to a mapping by name."""
        entries = mapping[key]
        named = {str(entry["name"]): entry for entry in entries}
        marks = self._places.get_entries(entries)
        places: dict[str | int, tuple[Mark, Mark]] = {
            str(entry["name"]): (self._places.get_entries(entry).get("name", marks[index])[1], marks[index][1])
            for index, entry in enumerate(entries)
            if index in marks
        }
        self._places.register(named, places)
        mapping[key] = named

    def remove_key(self, mapping: dict[str, Any], key: str) -> None:
        """Remove a key from a mapping."""
        del mapping[key]
        self._get_entries(mapping).pop(key, None)

    def _add_name(self, name: str, entry: dict[str, Any] | None, marks: tuple[Mark, Mark] | None) -> dict[str, Any]:
        result = {"name": name, **(entry or {})}
        places: dict[str | int, tuple[Mark, Mark]] = {} if marks is None else {"name": (marks[0], marks[0])}
        self._places.register(result, places | dict(self._places.get_entries(entry)))
        if entry is not None and id(entry) in self._places.owners:
            self._places.set_owner(result, self._places.owners[id(entry)])
        return result

    def nest_keys(self, keys: Sequence[str], under: str) -> None:
        """Move entries of the root into a new mapping at a key of the root."""
        marks = self._get_entries(self.data)
        inner = {key: self.data.pop(key) for key in keys if key in self.data}
        self._places.register(inner, {key: marks.pop(key) for key in inner if key in marks})
        self.data[under] = inner
        marks[under] = (self._places.root, self._places.root)

    def set_key(self, mapping: dict[str, Any], key: str, value: Any, like: str) -> None:
        """Set a key to a value that replaces the value of another key of the same mapping, with its place."""
        entries = self._get_entries(mapping)
        if like in entries:
            entries[key] = entries[like]
        mapping[key] = value

    def _get_entries(self, mapping: dict[str, Any] | list[Any]) -> dict[str | int, tuple[Mark, Mark]]:
        entries = self._places.get_entries(mapping)
        assert isinstance(entries, dict)  # noqa: S101 - narrows the type
        return entries
