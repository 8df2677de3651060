"""Which files a command line names: files, and the capability files of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from naftiko_runtime.source import SourceError, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
        raise click.UsageError(f"There is no capability file in {', '.join(map(str, paths))}.")
    return list(dict.fromkeys(files))


def _is_capability(file: Path, *, shared: bool) -> bool:
    if file.suffix not in (".yaml", ".yml") or file.stem.endswith(".sandbox") or file.name.startswith("."):
        return False
    try:
        data = read(file).data
    except SourceError:
        return True  # it will be told what is wrong with it
    if not isinstance(data, dict):
        return False
    return "capability" in data or (shared and bool(data.keys() & _VERSIONS) and bool(data.keys() & _SHARED))
