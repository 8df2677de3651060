"""Which files a command line names: files, and the capability files of folders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime.diagnostics import nearest
from naftiko_runtime.lazy import pattern
from naftiko_runtime.source import SourceError, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SUFFIXES: Final = (".yaml", ".yml")
_BEGUN: Final = pattern(r"^[\"'{\s]*(naftiko|ikanos|capability)\b", re.MULTILINE)
_VERSIONS: Final = {"naftiko", "ikanos"}
_SHARED: Final = {"consumes", "binds", "exposes", "aggregates"}


def capability_files(paths: Sequence[Path], *, shared: bool = False) -> list[Path]:
    """The files themselves, and of each folder its ``*.yaml`` and ``*.yml`` that are capabilities, by name.

    A folder's sandbox files are left out.

    Args:
        paths: Files and folders.
        shared: Whether to take from folders what has no ``capability``, and is there to be imported, as well.

    Raises:
        click.UsageError: There is none.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.iterdir()) if path.is_dir() else ()
        files += [file for file in found if _is_capability(file, shared=shared)] if path.is_dir() else [path]
    if paths and not files:
        raise click.UsageError(no_capability_file(paths))
    return list(dict.fromkeys(files))


def no_capability_file(paths: Iterable[Path | str]) -> str:
    """What to say of paths without any; in quotes, since one of them may be a dot."""
    return "There is no capability file in " + ", ".join(f"'{path}'" for path in paths)


def _is_capability(file: Path, *, shared: bool) -> bool:
    if file.suffix not in SUFFIXES or not may_be_capability(file.name):
        return False
    try:
        return exposes(read(file).data, shared=shared)
    except SourceError:
        return True  # it will be told what is wrong with it


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
