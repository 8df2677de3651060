"""Walks folders, except for hidden, ignored and excluded files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import click

from naftiko_runtime.ignored_files import IgnoredFiles, is_left_out, read_ignored_above

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from naftiko_runtime.cli.configuration import Configurations


class FolderWalk(NamedTuple):
    """Finds the files of folders.

    Attributes:
        visited: Gets every folder that is looked into.
        configurations: What they exclude is left out.
        gitignore: Whether ``.gitignore`` files count.
    """

    visited: list[Path]
    configurations: Configurations
    gitignore: bool = True

    def iter_files(self, root: Path) -> Iterator[Path]:
        """Return the files below a folder, by name; links to folders are not followed.

        Raises:
            click.UsageError: A folder cannot be read.
            ConfigurationError: A configuration on the way is invalid.
        """
        yield from self._walk(root, read_ignored_above(root) if self.gitignore else IgnoredFiles())

    def _walk(self, folder: Path, ignored: IgnoredFiles) -> Iterator[Path]:
        self.visited.append(folder)
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise click.UsageError(f"cannot read the folder {folder}: {error.strerror}") from None
        configuration = self.configurations.find(folder)
        if self.gitignore:
            ignored = ignored.enter(folder)
        for entry in found:
            if is_left_out(entry.name):
                continue
            path, is_folder = folder / entry.name, entry.is_dir(follow_symlinks=False)
            if configuration.excludes(path, folder=is_folder):
                continue
            if ignored.ignores(path, folder=is_folder):
                continue
            if not is_folder:
                if _is_file(entry):
                    yield path
            else:
                yield from self._walk(path, ignored)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a file, or a link that cannot be followed: reading it reports that."""
    try:
        return entry.is_file()
    except OSError:
        return True
