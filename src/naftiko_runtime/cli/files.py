"""Which files a command line names: files, and the capability files of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from naftiko_runtime.source import SourceError, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def capability_files(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and of each folder its ``*.yaml`` and ``*.yml`` that are capabilities, by name.

    A folder's sandbox files, and those without a ``capability``, which are there to be imported, are left out.

    Raises:
        click.UsageError: There is none.
    """
    files: list[Path] = []
    for path in paths:
        files += [path] if not path.is_dir() else [file for file in sorted(path.iterdir()) if _is_capability(file)]
    if paths and not files:
        raise click.UsageError(f"There is no capability file in {', '.join(map(str, paths))}.")
    return list(dict.fromkeys(files))


def _is_capability(file: Path) -> bool:
    if file.suffix not in (".yaml", ".yml") or file.stem.endswith(".sandbox") or file.name.startswith("."):
        return False
    try:
        data = read(file).data
    except SourceError:
        return True  # it will be told what is wrong with it
    return isinstance(data, dict) and "capability" in data
