"""Reads each file once, however many documents import it."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from naftiko_runtime.source.reading import parse_source, read_file
from naftiko_runtime.source.source import Source, SourceError

if TYPE_CHECKING:
    from pathlib import Path


class SourceCache:
    """The files that one command, or one reload, has read."""

    def __init__(self) -> None:
        self._bytes: dict[str, bytes] = {}
        self._sources: dict[tuple[str, str], Source | SourceError] = {}
        """By real path and shown name: places in a source name its file."""

    def read(self, path: Path, name: str | None = None) -> Source:
        """Return the same as :func:`naftiko_runtime.source.read_source`.

        Raises:
            SourceError: As for that function.
        """
        key = (os.path.realpath(path), name or str(path))
        if key not in self._sources:
            self._sources[key] = self._load(path, key[1])
        known = self._sources[key]
        if isinstance(known, SourceError):
            raise SourceError(known.diagnostics, known.source)
        return known

    def read_bytes(self, path: Path, name: str | None = None) -> bytes:
        """Return the bytes of a file.

        Raises:
            SourceError: It cannot be read.
        """
        real = os.path.realpath(path)
        if real not in self._bytes:
            self._bytes[real] = read_file(path, name or str(path))
        return self._bytes[real]

    def forget(self, path: Path) -> None:
        """Forget a file that changed, so that the next access reads it again."""
        real = os.path.realpath(path)
        self._bytes.pop(real, None)
        self._sources = {key: known for key, known in self._sources.items() if key[0] != real}

    def _load(self, path: Path, name: str) -> Source | SourceError:
        try:
            return parse_source(self.read_bytes(path, name), name)
        except SourceError as error:
            return error
