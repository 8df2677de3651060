"""Folders with all that is below them, but for what is hidden and what ``.gitignore`` files leave out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.cli.configuration import Configurations

_GITIGNORE: Final = ".gitignore"


class Walk(NamedTuple):
    """Walks folders.

    Attributes:
        configurations: Say what else is left out.
        gitignore: Whether ``.gitignore`` files count.
        folders: Gets every folder that is looked into.
    """

    configurations: Configurations
    gitignore: bool
    folders: list[Path]

    def files(self, root: Path) -> Iterator[Path]:
        """The files below a folder, by name; links to folders are not followed.

        Raises:
            click.UsageError: A folder cannot be read.
            ConfigurationError: A configuration on the way is wrong.
        """
        above = _above(Path(os.path.abspath(root))) if self.gitignore else ()  # noqa: PTH100 - links stay links
        yield from self._below(root, above)

    def _below(self, folder: Path, above: tuple[_Ignored, ...]) -> Iterator[Path]:
        self.folders.append(folder)
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise click.UsageError(f"cannot look into {folder}: {error.strerror}") from None
        configuration = self.configurations.of(folder)
        if self.gitignore and any(entry.name == _GITIGNORE for entry in found):
            above = (*above, *_read(Path(os.path.abspath(folder))))  # noqa: PTH100
        for entry in found:
            if entry.name.startswith("."):
                continue
            path, below = folder / entry.name, entry.is_dir(follow_symlinks=False)
            if configuration.excludes(path, folder=below) or _left_out(path, below, above):
                continue
            if below:
                yield from self._below(path, above)
            elif _is_file(entry):
                yield path


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file, or a link that cannot be followed to its end, which reading it will tell."""
    try:
        return entry.is_file()
    except OSError:
        return True


class _Ignored(NamedTuple):
    """One ``.gitignore``."""

    folder: Path
    text: str

    def says(self, path: Path, folder: bool) -> bool | None:
        """Whether it leaves a path out; none when it does not say."""
        from naftiko_runtime.cli.gitignore import ignores

        return ignores(self.text, os.path.relpath(path, self.folder).replace(os.sep, "/"), folder=folder)


def _left_out(path: Path, folder: bool, above: tuple[_Ignored, ...]) -> bool:
    """Whether the nearest ``.gitignore`` that says something about a path leaves it out."""
    for ignored in reversed(above):
        if (said := ignored.says(path, folder)) is not None:
            return said
    return False


def _above(root: Path) -> tuple[_Ignored, ...]:
    """Those above a folder, up to the repository's; none when they leave out the folder itself, which was asked for."""
    found: list[_Ignored] = []
    folders = [] if _is_repository(root) else root.parents
    for folder in folders:
        found = [*_read(folder), *found]
        if _is_repository(folder):
            reached = [root, *root.parents][:-1]
            inside = [path for path in reached if path.is_relative_to(folder) and path != folder]
            return () if any(_left_out(path, True, tuple(found)) for path in inside) else tuple(found)
    return ()


def _is_repository(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - False where one may not look


def _read(folder: Path) -> tuple[_Ignored, ...]:
    try:
        text = (folder / _GITIGNORE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return (_Ignored(folder, text),)
