"""The files that one document imports from: resolves locations and reads the files."""

from __future__ import annotations

import os.path
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Findings, diagnose
from naftiko_runtime.document.imports.own_and_imported_parts import get_name, iter_imports, iter_own_parts
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import Severity, helps
from naftiko_runtime.source import SourceError, read_source
from naftiko_runtime.suggest import find_closest, suggest

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.rules import Advice, Statement
    from naftiko_runtime.source import KeyPath, ReadSource, Source

_SCHEME: Final = compile_lazily(r"([A-Za-z][\w+.-]*)://")
_SUFFIXES: Final = (".yaml", ".yml")


class FoundPart(Struct, frozen=True):
    """A part that a file defines itself.

    Attributes:
        path: The file.
        source: Its source, in the canonical spelling.
        key_path: The part's path there.
    """

    path: Path
    source: Source
    key_path: KeyPath

    @property
    def part(self) -> dict[str, Any]:
        """The part itself."""
        mapping: dict[str, Any] = self.source.get(self.key_path)
        return mapping


class ImportChain(Struct, frozen=True):
    """A part that a file has by an import only.

    Attributes:
        files: From that file to the last one that could be followed.
        end: The part itself, when the chain ends at it.
        circle: Whether the imports are circular.
    """

    files: tuple[Path, ...]
    end: FoundPart | None = None
    circle: bool = False


def resolve_location(location: str, folder: Path) -> Path:
    """Return the path of a location, relative to a folder. ``file:///./x`` and ``file://./x`` are relative too.

    Raises:
        SourceError: It is no path.
    """
    scheme = _SCHEME.match(location)
    if scheme is not None and scheme[1].lower() != "file":
        raise _make_error(rules.IMPORT_OF_URL())
    text = unquote(location[scheme.end() :]) if scheme is not None else location
    if text.startswith(("/./", "/../")):
        text = text[1:]
    try:
        return (folder / text).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links
        raise _make_error(rules.IMPORT_NO_PATH()) from None


class ImportedFiles:
    """The files that the imports of one document may read. Each is read once.

    Attributes:
        document: The importing document.
        folder: What its locations are relative to.
    """

    def __init__(
        self, file: Path, source: Source, allowed: tuple[Path, ...], reading: ReadSource = read_source
    ) -> None:
        self.document = file.resolve()
        self.folder = file.parent
        self._folders = tuple(folder.resolve() for folder in (self.folder, *allowed))
        self._reading = reading
        self._shown_in = Path(source.file).parent
        self._known: dict[Path, Source | SourceError] = {self.document: source}
        self._notes: dict[Path, tuple[Diagnostic, ...]] = {}

    def resolve(self, location: str, folder: Path) -> Path:
        """Return the path of a location; see :func:`resolve_location`.

        Raises:
            SourceError: It is no path, or imports may not read there.
        """
        path = resolve_location(location, folder)
        if not any(path.is_relative_to(allowed) for allowed in self._folders):
            raise _make_error(rules.IMPORT_OUTSIDE())
        return path

    def read(self, path: Path) -> Source:
        """Return a file's source, normalized.

        Raises:
            SourceError: It cannot be read, or is no document.
        """
        if path not in self._known:
            try:
                self._known[path] = self._load(path)
            except SourceError as error:
                self._known[path] = error
        known = self._known[path]
        if isinstance(known, SourceError):
            raise known
        return known

    def find_part(self, path: Path, section: str, name: str) -> FoundPart | ImportChain | None:
        """Return what a file has under a name: a part of its own, or an import, followed to its end.

        Raises:
            SourceError: The file cannot be read.
        """
        files, been = [path], {(path, name)}
        source = self.read(path)
        while (own := _find_own(path, source, section, name)) is None:
            entry = next((entry for _, entry in iter_imports(source.data, section) if get_name(entry) == name), None)
            if entry is None:
                return ImportChain(tuple(files)) if len(files) > 1 else None
            if not isinstance(location := entry.get("location"), str):
                return ImportChain(tuple(files))
            try:
                path = self.resolve(location, path.parent)
                files.append(path)
                source = self.read(path)
            except SourceError:
                return ImportChain(tuple(files))
            name = str(entry["import"])
            if (path, name) in been or (path == self.document and _find_own(path, source, section, name) is None):
                return ImportChain(tuple(files), circle=True)
            been.add((path, name))
        return ImportChain(tuple(files), own, circle=path == self.document) if len(files) > 1 else own

    def find_notes(self, found: FoundPart) -> list[Diagnostic]:
        """Return the findings from reading its file that concern the part or the whole file."""
        whole = found.source.find_span(found.key_path)
        start, end = (whole.line, whole.column), (whole.end_line, whole.end_column)

        def is_about_part(note: Diagnostic) -> bool:
            if note.rule is not rules.NON_STANDARD_KEY:
                return True
            return note.span is not None and start <= (note.span.line, note.span.column) <= end

        return [note for note in self._notes.get(found.path, ()) if is_about_part(note)]

    def format_path(self, path: Path) -> str:
        """Return a file's path relative to the document."""
        return Path(os.path.relpath(path, self.document.parent)).as_posix()

    def _load(self, path: Path) -> Source:
        self._check_file_kind(path)
        try:
            source = self._reading(path, self._name_file(path))
        except SourceError as error:
            raise SourceError((self._add_help(found, path) for found in error.diagnostics), error.source) from None
        findings = Findings()
        normalized = normalize(source, findings)
        if normalized is None or findings.has_errors:
            raise SourceError((d for d in findings.list_sorted() if d.severity is Severity.ERROR), source)
        self._notes[path] = findings.list_sorted()
        return normalized

    def _check_file_kind(self, path: Path) -> None:
        """Reject anything but a regular file: opening a pipe would block."""
        with suppress(OSError):
            if path.is_dir():
                advice = suggest(
                    "", (f"{self.format_path(path)}/{name}" for name in _list_documents(path)), helps.IN_FOLDER
                )
                raise _make_error(rules.IMPORT_OF_FOLDER(file=self._name_file(path)), advice)
            if path.exists() and not path.is_file():
                raise _make_error(rules.IMPORT_NO_REGULAR_FILE(file=self._name_file(path)))

    def _add_help(self, found: Diagnostic, path: Path) -> Diagnostic:
        """Return a finding about a file, with a suggestion if the file does not exist and a similar one does."""
        with suppress(OSError):
            if found.span is not None or path.exists():
                return found
            if not path.parent.is_dir():
                return replace(found, advice=helps.NO_FOLDER(folder=self.format_path(path.parent)))
            if close := find_closest(path.name, _list_documents(path.parent)):
                return replace(found, advice=helps.DID_YOU_MEAN(suggestion=self.format_path(path.parent / close)))
            others = [name for name in _list_documents(path.parent) if path.parent / name != self.document]
            if others:
                return replace(found, advice=suggest("", others, helps.FOLDER_HAS))
        return found

    def _name_file(self, path: Path) -> str:
        """Return the name to show for a file: relative to the same folder as the document's name."""
        try:
            return str(self._shown_in / path.relative_to(self._shown_in.resolve()))
        except ValueError:
            return str(path)


def _find_own(path: Path, source: Source, section: str, name: str) -> FoundPart | None:
    found = (
        FoundPart(path, source, key_path)
        for key_path, part in iter_own_parts(source.data, section)
        if get_name(part) == name
    )
    return next(found, None)


def _list_documents(folder: Path) -> list[str]:
    """Return the names of a folder's YAML files."""
    return sorted(file.name for file in folder.iterdir() if file.suffix in _SUFFIXES)


def _make_error(statement: Statement, advice: Advice | None = None) -> SourceError:
    """Return an error about a location. It has no span: the caller reports it at the location."""
    return SourceError([diagnose(statement, None, advice)], None)
