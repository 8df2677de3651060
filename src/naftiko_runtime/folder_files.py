"""Reads the files of a folder that is served: resources and skills. No path that a caller sends is ever opened.

The files are read when the document is loaded. What is served is what was read.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from naftiko_runtime.ignored_files import IgnoredFiles, is_left_out, read_ignored_above
from naftiko_runtime.limits import FOLDER_BYTES_MAX, FOLDER_FILE_BYTES_MAX, FOLDER_FILES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FolderProblem: TypeAlias = Literal[
    "no-file-uri", "no-folder", "no-file", "outside", "linked-folder", "no-regular-file", "odd-name", "unreadable",
    "too-large", "too-many", "too-much",
]  # fmt: skip
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened: a pipe does not block, and no link is followed that came after the check."""


class FolderError(Exception):
    """A folder or a file cannot be served.

    Attributes:
        problem: Why. ``no-file-uri``, ``no-folder`` and ``no-file`` are about the location itself.
        name: The location as the document has it, or the path of a file in the folder.
    """

    def __init__(self, problem: FolderProblem, name: str) -> None:
        self.problem: Final = problem
        self.name: Final = name
        super().__init__(f"{name}: {problem}")


class FolderFile(Struct, frozen=True):
    """A file of a folder.

    Attributes:
        path: Its path in the folder, with ``/`` between names.
        content: Its bytes.
    """

    path: str
    content: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal."""
        return sha256(self.content).hexdigest()


def resolve_location(location: str, document_folder: Path) -> Path:
    """Return the path that a ``file:`` URI names.

    Args:
        location: ``file:///abs``, or ``file:///./rel`` or ``file://./rel``, relative to the document's folder.
        document_folder: The folder of the file that has the location.

    Raises:
        FolderError: It is not the URI of a local file.
    """
    scheme, separator, path = location.partition("://")
    if not separator or scheme.lower() != "file":
        raise FolderError("no-file-uri", location)
    path = unquote(path)
    relative = path.startswith(("./", "../", "/./", "/../"))
    if not relative and not path.startswith("/"):  # a host, which this computer does not ask for files
        raise FolderError("no-file-uri", location)
    try:
        return (document_folder / (path.removeprefix("/") if relative else path)).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links
        raise FolderError("no-file-uri", location) from None


def read_folder(location: str, document_folder: Path) -> tuple[FolderFile, ...]:
    """Read every file of a folder and of the folders in it, ordered by path, without those that are left out.

    See :mod:`naftiko_runtime.ignored_files`.

    Args:
        location: Its URI; see :func:`resolve_location`.
        document_folder: The folder of the document.

    Raises:
        FolderError: The folder, or a file in it, cannot be served. Then none is: a part would look like the whole.
    """
    folder = resolve_location(location, document_folder)
    if not folder.is_dir():
        raise FolderError("no-folder", location)
    files: list[FolderFile] = []
    left = FOLDER_BYTES_MAX
    for path in _walk(folder, "", location, read_ignored_above(folder)):
        if len(files) == FOLDER_FILES_MAX:
            raise FolderError("too-many", location)
        content = _read_inside(folder, path)
        left -= len(content)
        if left < 0:
            raise FolderError("too-much", location)
        files.append(FolderFile(path, content))
    return tuple(sorted(files, key=lambda file: file.path))


def read_file(location: str, document_folder: Path, bytes_max: int) -> bytes:
    """Read one file.

    Args:
        location: Its URI; see :func:`resolve_location`.
        document_folder: The folder of the document.
        bytes_max: The largest size, in bytes.

    Raises:
        FolderError: It cannot be read.
    """
    path = resolve_location(location, document_folder)
    if not path.exists():
        raise FolderError("no-file", location)
    if not path.is_file():
        raise FolderError("no-regular-file", location)
    return _read(path, location, bytes_max)


def _walk(folder: Path, below: str, location: str, ignored: IgnoredFiles) -> Iterator[str]:
    """Yield the paths of the files in a folder, and of those in its folders."""
    with _name_unreadable(below or location):
        entries = sorted(os.scandir(folder / below), key=lambda entry: entry.name)
    ignored = ignored.enter(folder / below)
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_left_out(entry.name) or ignored.ignores(folder / path, folder=is_folder):
            continue
        if not _is_text(entry.name):
            raise FolderError("odd-name", path.encode("utf-8", "replace").decode())
        if is_folder:
            yield from _walk(folder, path, location, ignored)
        else:
            yield path


def _is_text(name: str) -> bool:
    """Return whether a name is Unicode. Systems allow others."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_inside(folder: Path, name: str) -> bytes:
    """Read a file of a folder. A link may lead to another file in it."""
    try:
        path = (folder / name).resolve(strict=True)
    except (OSError, RuntimeError):  # a link to nothing, a loop of links
        raise FolderError("unreadable", name) from None
    if not path.is_relative_to(folder):
        raise FolderError("outside", name)
    if path.is_dir():
        raise FolderError("linked-folder", name)
    return _read(path, name, FOLDER_FILE_BYTES_MAX)


def _read(path: Path, name: str, bytes_max: int) -> bytes:
    with _name_unreadable(name), os.fdopen(os.open(path, _FLAGS), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise FolderError("no-regular-file", name)
        content = opened.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise FolderError("too-large", name)
    return content


@contextmanager
def _name_unreadable(name: str) -> Iterator[None]:
    """Raise what the system says of a file as our error."""
    try:
        yield
    except OSError:
        raise FolderError("unreadable", name) from None
