"""A document as plain data with the places of its parts, and a draft of it that can be changed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml
from msgspec import Struct

from naftiko_runtime.diagnostic import DocumentError, Span
from naftiko_runtime.redact_document import find_secrets, redact_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.diagnostic import Diagnostic

KeyPath: TypeAlias = tuple[str | int, ...]
Mark: TypeAlias = tuple[Any, Any]
"""Start and end as libyaml gives them: objects with `line` and `column`, counted from 0."""

LINE_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""What libyaml counts as the end of a line; its marks and the lines shown must agree."""


class Source(Struct, frozen=True):
    """A document as plain data, with places.

    Attributes:
        file: The name to show for it.
        text: The text, for quoting lines.
        data: Dictionaries with text keys, lists, and scalars.
        places: The places of its parts.
    """

    file: str
    text: str
    data: Any
    places: Places

    def find_span(self, key_path: KeyPath, *, key: bool = False) -> Span:
        """Return the place of the value (or of its key) at a path from the root.

        For a path that does not exist, return the place of the last existing part, where the key is missing.
        """
        at: Any = self.data
        mark = self.places.root
        source = self
        for number, step in enumerate(key_path):
            marks = self.places.get_entries(at).get(step)
            if marks is None:
                return source.make_span(self.places.find_first_key(at, mark))
            mark = marks[0] if key and number == len(key_path) - 1 else marks[1]
            source = self.places.borrowed.get((id(at), step)) or self.places.find_owner(at[step], source)
            at = at[step]
        return source.make_span(mark)

    def get(self, key_path: KeyPath) -> Any:
        """Return the value at a path that exists."""
        value = self.data
        for step in key_path:
            value = value[step]
        return value

    def make_draft(self) -> Draft:
        """Return a copy of the data to reshape; see :class:`Draft`."""
        return Draft(self)

    def quote_line(self, span: Span) -> str:
        """Return the line at a span, in this file or in one that was imported into it; credentials in it are masked."""
        owner = self if span.file == self.file else self.places.files.get(span.file)
        return redact_line(owner.get_line(span.line), owner.find_secrets()) if owner is not None else ""

    def find_secrets(self) -> tuple[str, ...] | None:
        """Return the credentials in the document, to mask them. None if it has no data. Found at the first call."""
        if self.data is None:
            return None
        if self.places.secrets is None:
            self.places.secrets = find_secrets(self.data, self._get_lines)
        return self.places.secrets

    def _get_lines(self, key_path: KeyPath) -> list[str]:
        """Return the text of a scalar as it is written, line by line."""
        span = self.find_span(key_path)
        owner = self if span.file == self.file else self.places.files.get(span.file, self)
        lines = [owner.get_line(number) for number in range(span.line, span.end_line + 1)]
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return lines

    def make_span(self, mark: Mark) -> Span:
        """Return the place between two marks."""
        start, end = mark
        line, column, end_line, end_column = start.line, start.column, end.line, end.column
        while end_line > line and not self.get_line(end_line + 1)[:end_column].strip():
            end_line -= 1  # a block ends for libyaml where the next token begins
            end_column = len(self.get_line(end_line + 1).rstrip())
        return Span(self.file, line + 1, column + 1, end_line + 1, end_column + 1)

    def get_line(self, number: int) -> str:
        """Return a line of the text, counted from 1, without its end; empty past the last one."""
        lines = _split_lines(self.text)
        return lines[number - 1] if 1 <= number <= len(lines) else ""


@lru_cache(maxsize=8)
def _split_lines(text: str) -> list[str]:
    return LINE_BREAK.split(text)


class SourceError(DocumentError):
    """A file that cannot be parsed. ``source`` holds its text, to quote lines, if there is any."""

    def __init__(self, diagnostics: Iterable[Diagnostic], source: Source | None) -> None:
        super().__init__(diagnostics)
        self.source = source


class Places:
    """The places of the entries of every mapping and list: container identity → key → marks of key and value."""

    __slots__ = ("_keep", "borrowed", "entries", "files", "owners", "root", "secrets")

    def __init__(self) -> None:
        self.entries: dict[int, dict[str | int, tuple[Mark, Mark]]] = {}
        self._keep: list[Any] = []
        self.owners: dict[int, Source] = {}
        self.borrowed: dict[tuple[int, str | int], Source] = {}
        """The sources of entries that are in another file than their container."""
        self.files: dict[str, Source] = {}
        """The other files that were read, by name."""
        self.root: Mark = (ORIGIN, ORIGIN)
        self.secrets: tuple[str, ...] | None = None
        """The credentials in the document. None before they are needed."""

    def register(self, container: Any, entries: dict[str | int, tuple[Mark, Mark]]) -> None:
        """Record a container's entries. The container is kept alive, so that its identity stays unique."""
        self.entries[id(container)] = entries
        self._keep.append(container)

    def get_entries(self, container: Any) -> Mapping[str | int, tuple[Mark, Mark]]:
        """Return the entries of a container; nothing for a scalar."""
        return self.entries.get(id(container), {}) if isinstance(container, dict | list) else {}

    def find_owner(self, container: Any, otherwise: Source) -> Source:
        """Return the source that a container was imported from, or else the given one."""
        return self.owners.get(id(container), otherwise) if self.owners else otherwise

    def set_owner(self, container: Any, source: Source) -> None:
        """Record that a container, with all below it, is in another file."""
        self.owners[id(container)] = source
        self.files[source.file] = source

    def find_first_key(self, container: Any, whole: Mark) -> Mark:
        """Return the place of a mapping's first key, where a missing key is reported, or else the whole place."""
        if isinstance(container, dict):
            for key, (key_mark, _) in self.get_entries(container).items():
                if (id(container), key) not in self.borrowed:
                    return key_mark
        return whole


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
        for key in value if places.borrowed and isinstance(value, dict) else ():
            if (lender := places.borrowed.get((id(value), key))) is not None:
                self._places.borrowed[id(copy), key] = lender
        return copy

    def get(self, key_path: KeyPath) -> Any:
        """Return the value at a path that exists, in the copy."""
        value = self.data
        for step in key_path:
            value = value[step]
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

    def borrow_key(self, mapping: dict[str, Any], key: str, giver: dict[str, Any], of: str) -> None:
        """Set a key of a mapping of another file to the value at a key of a mapping of this file."""
        self._get_entries(mapping)[key] = self._places.get_entries(giver)[of]
        self._places.borrowed[id(mapping), key] = self._source
        mapping[key] = giver[of]

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


ORIGIN: Final[Any] = yaml.Mark("", 0, 0, 0, "", 0)
"""Where a document begins."""
