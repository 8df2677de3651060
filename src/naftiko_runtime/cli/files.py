"""Which files a command line names: files, and the capability files of folders."""

from __future__ import annotations

import os.path
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime.document.imports.sections import SECTIONS, imports
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.source import SourceError, read
from naftiko_runtime.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUFFIXES: Final = (".yaml", ".yml")
_BEGUN: Final = pattern(r"^[\"'{\s]*(naftiko|ikanos|capability)\b", re.MULTILINE)
_VERSIONS: Final = {"naftiko", "ikanos"}
_SHARED: Final = {"consumes", "binds", "exposes", "aggregates"}


def capability_files(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and of each folder its ``*.yaml`` and ``*.yml`` that are capabilities, by name.

    A folder's sandbox files are left out, and what has no ``capability`` and is imported by another file of it.

    Args:
        paths: Files and folders.

    Raises:
        click.UsageError: There is none.
    """
    files: list[Path] = []
    for path in paths:
        files += _of_folder(path) if path.is_dir() else [path]
    if paths and not files:
        raise click.UsageError(no_capability_file(paths))
    return list(dict.fromkeys(files))


def _of_folder(folder: Path) -> list[Path]:
    names = (file for file in sorted(folder.iterdir()) if file.suffix in SUFFIXES and may_be_capability(file.name))
    data = {file: _data(file) for file in names}
    imported = {place for file, read_data in data.items() for place in _imported(file, read_data)}

    def runs(file: Path) -> bool:
        if data[file] is None:
            return True  # it will be told what is wrong with it
        return exposes(data[file]) and ("capability" in data[file] or _absolute(file) not in imported)

    return [file for file in data if runs(file)]


def _data(file: Path) -> Any:
    """What a file holds; none when it is no YAML."""
    try:
        return read(file).data or {}
    except SourceError:
        return None


def _imported(file: Path, data: Any) -> Iterator[Path]:
    """The files that a document names in its imports."""
    for section in SECTIONS:
        for _, entry in imports(data, section):
            location = str(entry.get("location") or entry.get("from")).removeprefix("file://").removeprefix("/./")
            yield _absolute(file.parent / location)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a location may hold what no file system knows


def no_capability_file(paths: Iterable[Path | str]) -> str:
    """What to say of paths without any; in quotes, since one of them may be a dot."""
    return "There is no capability file in " + ", ".join(f"'{path}'" for path in paths)


def may_be_capability(name: str) -> bool:
    """Whether a file of that name, found in a folder, can be meant: it is neither hidden nor a sandbox file."""
    return not name.startswith(".") and not name.rpartition(".")[0].endswith(".sandbox")


def exposes(data: Any, *, shared: bool = False) -> bool:
    """Whether a document's data is a capability; with ``shared``, also what is only there to be imported."""
    if not isinstance(data, dict):
        return False
    if "capability" in data or ("exposes" in data and bool(data.keys() & _VERSIONS)):
        return True
    if not data.keys() & _VERSIONS:
        return False
    return nearest("capability", data) is not None or (shared and bool(data.keys() & _SHARED))


def is_begun(text: str) -> bool:
    """Whether a text that is no YAML was begun as a capability; not so a chart's template or another tool's file."""
    return _BEGUN.search(text) is not None
