"""Finds definitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.document.imports.files import ImportChain, ImportedFiles
from naftiko_runtime.document.imports.own_and_imported_parts import iter_imports
from naftiko_runtime.lsp.name_index import Outline, find_input, find_nearly
from naftiko_runtime.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.lsp.cursor import CursorPlace
    from naftiko_runtime.source import KeyPath, Source

_TEMPLATE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PATH: Final = re.compile(r"\{+\s*([^{}/]+?)\s*\}+")
_NAMES: Final = frozenset({"call", "ref", "targetNamespace"})


def find_definition(place: CursorPlace, outline: Outline, line: str, column: int) -> Span | None:
    """Find the definition of the name at a place, or None.

    Args:
        place: The place.
        outline: The names of the document.
        line: The place's line.
        column: The column in the line, from 0.
    """
    *above, key = place.key_path
    holder = above[-1] if above else ""
    if place.on_key:
        return _find_parameter(place, outline) if holder == "with" else None
    value = place.value
    if not isinstance(value, str):
        return None
    if (name := _find_braced(line, column, _PATH if key == "path" else _TEMPLATE)) is not None:
        return outline.find_variable(name) or _find_input(place, name)
    if key in _NAMES:
        return _find_named(outline, str(key), value)
    return _find_input(place, value) if holder == "with" else None


def _find_named(outline: Outline, key: str, name: str) -> Span | None:
    """Find the definition that the value of a key names."""
    if key == "call":
        operation = outline.operations.get(name)
        return operation.span if operation is not None else None
    return (outline.functions if key == "ref" else outline.namespaces).get(name)


def _find_braced(line: str, column: int, braced: re.Pattern[str]) -> str | None:
    """Find the name in the braces around a column of a line, if any."""
    return next((match[1] for match in braced.finditer(line) if match.start() <= column <= match.end()), None)


def _find_input(place: CursorPlace, name: str) -> Span | None:
    return find_input(place.source, place.key_path, name)


def _find_parameter(place: CursorPlace, outline: Outline) -> Span | None:
    """Find the parameter of the called operation for the ``with`` key at a place."""
    called = outline.operations.get(str(place._replace(key_path=place.key_path[:-1]).holder.get("call")))
    return find_nearly(called.parameters, str(place.key_path[-1])) if called is not None else None


def find_imported(place: CursorPlace, file: Path, overrides: Overrides) -> tuple[Span, Source] | None:
    """Find what the import at a place names, and its file; the beginning of the file if the part does not exist.

    Args:
        place: The place.
        file: The importing document.
        overrides: The overrides for loading it.
    """
    if place.on_key or place.key_path[-1] not in ("import", "location") or len(place.key_path) < 3:  # noqa: PLR2004
        return None
    section, entry = str(place.key_path[-3]), place.holder
    location = entry.get("location")
    if "import" not in entry or not isinstance(location, str):
        return None
    files = ImportedFiles(file, place.source, overrides.allowed_imports, overrides.reading)
    try:
        path = files.resolve(location, files.folder)
        found = files.find_part(path, section, str(entry["import"]))
        source = files.read(path)
    except SourceError:
        return None
    end = found.end if isinstance(found, ImportChain) else found
    if end is None:
        return Span(source.file, 1, 1, 1, 1), source
    return end.source.find_span((*end.key_path, "namespace")), end.source


def find_import(source: Source, file: Path, overrides: Overrides, imported_file: Path) -> KeyPath | None:
    """Find the path to the location by which a document imports a file directly, or None."""
    files = ImportedFiles(file, source, overrides.allowed_imports)
    for key_path, location in _iter_locations(source):
        try:
            if files.resolve(location, files.folder) == imported_file:
                return key_path
        except SourceError:
            continue
    return None


def _iter_locations(source: Source) -> Iterator[tuple[KeyPath, str]]:
    for section in ("consumes", "binds", "exposes", "aggregates"):
        for key_path, entry in iter_imports(source.data, section):
            if isinstance(location := entry.get("location"), str):
                yield (*key_path, "location"), location
