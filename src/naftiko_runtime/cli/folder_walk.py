"""Walks folders, except for hidden, ignored and excluded files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.cli.configuration import Configurations

_GITIGNORE: Final = ".gitignore"


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
        above = _read_above(Path(os.path.abspath(root))) if self.gitignore else ()  # noqa: PTH100 - links stay links
        yield from self._walk(root, above)

    def _walk(self, folder: Path, above: tuple[_GitIgnore, ...]) -> Iterator[Path]:
        self.visited.append(folder)
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise click.UsageError(f"cannot read the folder {folder}: {error.strerror}") from None
        configuration = self.configurations.find(folder)
        if self.gitignore and any(entry.name == _GITIGNORE for entry in found):
            above = (*above, *_read(Path(os.path.abspath(folder))))  # noqa: PTH100
        for entry in found:
            if entry.name.startswith("."):
                continue
            path, is_folder = folder / entry.name, entry.is_dir(follow_symlinks=False)
            if configuration.excludes(path, folder=is_folder):
                continue
            if _is_ignored(path, is_folder, above):
                continue
            if not is_folder:
                if _is_file(entry):
                    yield path
            else:
                yield from self._walk(path, above)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a file, or a link that cannot be followed: reading it reports that."""
    try:
        return entry.is_file()
    except OSError:
        return True


class _GitIgnore(NamedTuple):
    """One ``.gitignore`` file."""

    folder: Path
    text: str

    def decide(self, path: Path, folder: bool) -> bool | None:
        """Return whether it ignores a path; None if no line matches."""
        from naftiko_runtime.cli.gitignore import decide_ignored

        return decide_ignored(self.text, os.path.relpath(path, self.folder).replace(os.sep, "/"), folder=folder)


def _is_ignored(path: Path, folder: bool, above: tuple[_GitIgnore, ...]) -> bool:
    """Return whether the nearest ``.gitignore`` with a matching line ignores a path."""
    for ignored in reversed(above):
        if (decision := ignored.decide(path, folder)) is not None:
            return decision
    return False


def _read_above(root: Path) -> tuple[_GitIgnore, ...]:
    """Read those above a folder, up to the repository; none if they ignore the folder itself, which was named."""
    found: list[_GitIgnore] = []
    folders = [] if _is_repository(root) else root.parents
    for folder in folders:
        found = [*_read(folder), *found]
        if _is_repository(folder):
            reached = [root, *root.parents][:-1]
            inside = [path for path in reached if path.is_relative_to(folder) and path != folder]
            return () if any(_is_ignored(path, True, tuple(found)) for path in inside) else tuple(found)
    return ()


def _is_repository(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - False where one may not look


def _read(folder: Path) -> tuple[_GitIgnore, ...]:
    try:
        text = (folder / _GITIGNORE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return (_GitIgnore(folder, text),)
