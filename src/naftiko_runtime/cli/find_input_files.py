"""Expands the arguments of a command line: files, folders, globs and standard input."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from naftiko_runtime.cli.configuration import Configurations
from naftiko_runtime.cli.folder_walk import FolderWalk
from naftiko_runtime.cli.recognize_capability import (
    format_no_files,
    has_capability_name,
    is_capability,
    starts_as_capability,
)
from naftiko_runtime.document.imports.files import resolve_location
from naftiko_runtime.document.imports.own_and_imported_parts import SECTIONS, iter_imports
from naftiko_runtime.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from naftiko_runtime.source import SourceCache

STDIN: Final = "-"
_MAGIC: Final = frozenset("*?[")


class InputFile(NamedTuple):
    """One file to check.

    Attributes:
        path: Where it is; for standard input its name in findings.
        named: Whether the command line names it; a file found in a folder may be something else.
        stdin: Whether it is standard input.
    """

    path: Path
    named: bool
    stdin: bool = False


class InputFiles(NamedTuple):
    """All inputs to check.

    Attributes:
        files: Each once, in the order of the command line, those of a folder by name.
        folders: The folders that were searched.
    """

    files: tuple[InputFile, ...]
    folders: tuple[Path, ...]


def discover_inputs(
    words: Sequence[str], configurations: Configurations, *, gitignore: bool, stdin_name: str
) -> InputFiles:
    """Return the files to check, with those of the folders below.

    Args:
        words: Files, folders, globs, or ``-``.
        configurations: What they exclude is left out of folders and globs.
        gitignore: Whether folders and globs leave out what ``.gitignore`` files ignore.
        stdin_name: The name of standard input.

    Raises:
        click.UsageError: A word names nothing.
        ConfigurationError: A configuration on the way is invalid.
    """
    found: dict[str, InputFile] = {}
    walk = FolderWalk([], configurations, gitignore=gitignore)
    for word in words:
        for entry in _expand(word, walk, stdin_name):
            key = STDIN if entry.stdin else os.path.abspath(entry.path)  # noqa: PTH100 - links stay links
            if key not in found or entry.named:
                found[key] = entry
    return InputFiles(tuple(found.values()), tuple(walk.visited))


def _expand(word: str, walk: FolderWalk, stdin_name: str) -> Iterable[InputFile]:
    path = Path(word)
    if word == STDIN:
        return [InputFile(Path(stdin_name), named=True, stdin=True)]
    if path.is_dir():
        return [InputFile(file, named=False) for file in walk.iter_files(path) if has_capability_name(file)]
    if os.path.lexists(path):
        return [InputFile(path, named=True)]
    if not _MAGIC & set(word):
        raise click.UsageError(f"File or folder '{word}' does not exist.")
    matching = [InputFile(file, named=False) for file in _match(path, walk)]
    if not matching:
        raise click.UsageError(f"No file matches '{word}'.")
    return matching


def _match(glob: Path, walk: FolderWalk) -> Iterator[Path]:
    """Return the files of a walk that a glob matches; a matching folder means all files in it."""
    from naftiko_runtime.gitignore import compile_patterns

    fixed = next(number for number, part in enumerate(glob.parts) if _MAGIC & set(part))
    base = Path(*glob.parts[:fixed])
    if not base.is_dir():
        return
    patterns = compile_patterns(("/" + "/".join(glob.parts[fixed:]),))
    for file in walk.iter_files(base):
        candidate = has_capability_name(file) or has_capability_name(file, (glob.suffix,))
        if candidate and patterns.match_file(file.relative_to(base).as_posix()):
            yield file


def discover_runnable(paths: Sequence[Path], sources: SourceCache) -> list[Path]:
    """Return the files to serve: those named, and the capabilities that :func:`discover_inputs` finds in folders.

    A document without ``capability`` that another file of the folder imports is left out.

    Args:
        paths: Files and folders.
        sources: Reads the files of folders.

    Raises:
        click.UsageError: There is none, or a folder cannot be read.
        ConfigurationError: A configuration on the way is invalid.
    """
    walk = FolderWalk([], Configurations())
    files: list[Path] = []
    for path in paths:
        files += _find_runnable(path, walk, sources) if path.is_dir() else [path]
    if not files:
        raise click.UsageError(format_no_files(paths))
    return list(dict.fromkeys(files))


def _find_runnable(folder: Path, walk: FolderWalk, sources: SourceCache) -> list[Path]:
    names = filter(has_capability_name, walk.iter_files(folder))
    data = {file: _read_data(file, sources) for file in names}
    imported = {target for file, document in data.items() for target in _list_imports(file, document)}

    def is_runnable(file: Path) -> bool:
        document = data[file]
        if document is None:
            return True  # loading it reports what is wrong
        return is_capability(document) and ("capability" in document or file.resolve() not in imported)

    return [file for file in data if is_runnable(file)]


def _read_data(file: Path, sources: SourceCache) -> Any:
    """Return the data of a file; None if it cannot be read, and what can be read of it looks like a capability."""
    try:
        return sources.read(file).data or {}
    except SourceError as error:
        is_other = error.source is not None and not starts_as_capability(error.source.text)
        return {} if is_other else None


def _list_imports(file: Path, data: Any) -> Iterator[Path]:
    """Return the files that a document names in its imports. Loading reports locations that are none."""
    for section in SECTIONS:
        for _, entry in iter_imports(data, section):
            with suppress(SourceError):
                yield resolve_location(str(entry.get("location") or entry.get("from")), file.parent)
