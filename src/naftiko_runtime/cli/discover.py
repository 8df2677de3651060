"""What a command line gives to check: files, folders, globs and standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from naftiko_runtime.cli.files import SUFFIXES, may_be_capability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from naftiko_runtime.cli.configuration import Configurations
    from naftiko_runtime.cli.folder_walk import Walk

STDIN: Final = "-"
_MAGIC: Final = frozenset("*?[")


class Input(NamedTuple):
    """One file to check.

    Attributes:
        path: Where it is; for standard input what it is to be called.
        named: Whether it was asked for, and is no file of a folder that may be something else.
        stdin: Whether it is standard input.
    """

    path: Path
    named: bool
    stdin: bool = False


class Inputs(NamedTuple):
    """All there is to check.

    Attributes:
        files: Each once, in the order of the command line, those of a folder by name.
        folders: Those that were looked into.
    """

    files: tuple[Input, ...]
    folders: tuple[Path, ...]


def collect(words: Sequence[str], configurations: Configurations, *, gitignore: bool, stdin_name: str) -> Inputs:
    """What the words of a command line stand for.

    Args:
        words: Files, folders, globs, or ``-``.
        configurations: Say what folders and globs leave out.
        gitignore: Whether folders and globs leave out what ``.gitignore`` files say.
        stdin_name: What standard input is called.

    Raises:
        click.UsageError: A word stands for nothing.
        ConfigurationError: A configuration on the way is wrong.
    """
    found: dict[str, Input] = {}
    folders: list[Path] = []

    def walk() -> Walk:
        from naftiko_runtime.cli.folder_walk import Walk

        return Walk(configurations, gitignore, folders)

    for word in words:
        for entry in _inputs(word, walk, stdin_name):
            key = STDIN if entry.stdin else os.path.abspath(entry.path)  # noqa: PTH100 - links stay links
            if key not in found or entry.named:
                found[key] = entry
    return Inputs(tuple(found.values()), tuple(folders))


def _inputs(word: str, walk: Callable[[], Walk], stdin_name: str) -> Iterable[Input]:
    path = Path(word)
    if word == STDIN:
        return [Input(Path(stdin_name), named=True, stdin=True)]
    if path.is_dir():
        return [Input(file, named=False) for file in walk().files(path) if _wanted(file)]
    if os.path.lexists(path):
        return [Input(path, named=True)]
    if not _MAGIC & set(word):
        raise click.UsageError(f"File or folder '{word}' does not exist.")
    matching = [Input(file, named=False) for file in _matching(path, walk())]
    if not matching:
        raise click.UsageError(f"No file matches '{word}'.")
    return matching


def _wanted(file: Path) -> bool:
    return file.suffix in SUFFIXES and may_be_capability(file.name)


def _matching(glob: Path, walk: Walk) -> Iterator[Path]:
    """What a folder's walk finds and a glob matches; a folder that it matches stands for all that is in it."""
    from naftiko_runtime.cli.gitignore import compiled

    fixed = next(number for number, part in enumerate(glob.parts) if _MAGIC & set(part))
    base = Path(*glob.parts[:fixed])
    if not base.is_dir():
        return
    spec = compiled(("/" + "/".join(glob.parts[fixed:]),))
    for file in walk.files(base):
        of_its_kind = _wanted(file) or (file.suffix == glob.suffix and may_be_capability(file.name))
        if of_its_kind and spec.match_file(file.relative_to(base).as_posix()):
            yield file
