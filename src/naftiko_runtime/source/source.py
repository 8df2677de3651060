"""A document as plain data with the places of its parts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml
from msgspec import Struct

from naftiko_runtime.diagnostic import DocumentError, Span
from naftiko_runtime.redact_document import find_secrets, redact_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        for number, name in enumerate(key_path):
            marks = self.places.get_entries(at).get(name)
            if marks is None:
                return source.make_span(self.places.find_first_key(at, mark))
            mark = marks[0] if key and number == len(key_path) - 1 else marks[1]
            source = self.places.key_sources.get((id(at), name)) or self.places.find_owner(at[name], source)
            at = at[name]
        return source.make_span(mark)

    def get(self, key_path: KeyPath) -> Any:
        """Return the value at a path that exists."""
        value = self.data
        for key in key_path:
            value = value[key]
        return value

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

    __slots__ = ("_keep", "entries", "files", "key_sources", "owners", "root", "secrets")

    def __init__(self) -> None:
        self.entries: dict[int, dict[str | int, tuple[Mark, Mark]]] = {}
        self._keep: list[Any] = []
        self.owners: dict[int, Source] = {}
        self.key_sources: dict[tuple[int, str | int], Source] = {}
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
                if (id(container), key) not in self.key_sources:
                    return key_mark
        return whole


ORIGIN: Final[Any] = yaml.Mark("", 0, 0, 0, "", 0)
"""Where a document begins."""
