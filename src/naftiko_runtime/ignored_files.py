"""Decides which files of a folder are left out: hidden ones, what ``.gitignore`` names, sandbox and test files.

The same rule holds for folders of capabilities, and for folders that are served as resources or skills.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

_GITIGNORE: Final = ".gitignore"
_COMPANIONS: Final = (".sandbox.yaml", ".sandbox.yml", ".tests.yaml", ".tests.yml")


def is_left_out(name: str) -> bool:
    """Return whether a name alone leaves a file or folder out."""
    return name.startswith(".") or name.endswith(_COMPANIONS)


class _GitIgnore(NamedTuple):
    """One ``.gitignore`` file."""

    folder: Path
    text: str

    def decide(self, path: Path, folder: bool) -> bool | None:
        """Return whether it ignores a path; None if no line matches."""
        from naftiko_runtime.gitignore import decide_ignored  # noqa: PLC0415 - only where there is such a file

        return decide_ignored(self.text, os.path.relpath(path, self.folder).replace(os.sep, "/"), folder=folder)


class IgnoredFiles(NamedTuple):
    """The ``.gitignore`` files of a folder and of those above it, the nearest last."""

    files: tuple[_GitIgnore, ...] = ()

    def enter(self, folder: Path) -> IgnoredFiles:
        """Return those of a folder below, which has such a file or not."""
        return IgnoredFiles((*self.files, *_read(Path(os.path.abspath(folder)))))  # noqa: PTH100 - links stay links

    def ignores(self, path: Path, *, folder: bool) -> bool:
        """Return whether the nearest file with a matching line ignores a path."""
        for file in reversed(self.files):
            if (decision := file.decide(path, folder)) is not None:
                return decision
        return False


def read_ignored_above(root: Path) -> IgnoredFiles:
    """Read the files above a folder, up to the repository; none if they ignore the folder itself, which was named."""
    root = Path(os.path.abspath(root))  # noqa: PTH100 - links stay links
    found: list[_GitIgnore] = []
    for folder in [] if _is_repository(root) else root.parents:
        found = [*_read(folder), *found]
        if _is_repository(folder):
            ignored = IgnoredFiles(tuple(found))
            inside = [path for path in (root, *root.parents) if path.is_relative_to(folder) and path != folder]
            return IgnoredFiles() if any(ignored.ignores(path, folder=True) for path in inside) else ignored
    return IgnoredFiles()


def _is_repository(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - False where one may not look


def _read(folder: Path) -> tuple[_GitIgnore, ...]:
    try:
        text = (folder / _GITIGNORE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return (_GitIgnore(folder, text),)
