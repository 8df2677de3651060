"""Reads the files of a script step. They stay inside the folder that ``location`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import unquote

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.limits import SCRIPT_SOURCE_BYTES_MAX
from naftiko_runtime.scripting.script_program import ScriptProgram, ScriptSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from naftiko_runtime.scripting.script_program import Language

ScriptFileProblem: TypeAlias = Literal[
    "no-file-uri", "no-folder", "no-relative-path", "outside", "not-found", "no-regular-file", "too-large", "no-utf-8",
    "unreadable",
]  # fmt: skip
_SEGMENTS: Final = compile_lazily(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")


class ScriptFileError(Exception):
    """A file of a script cannot be used.

    Attributes:
        problem: Why. ``no-file-uri`` and ``no-folder`` are about the location.
        name: The location or the path, as the document has it.
    """

    def __init__(self, problem: ScriptFileProblem, name: str) -> None:
        self.problem: Final = problem
        self.name: Final = name
        super().__init__(f"{name}: {problem}")


def read_script(
    language: Language, location: str, file: str, dependencies: Sequence[str], document_folder: Path
) -> ScriptProgram:
    """Read a script and what it depends on.

    Args:
        language: Of all files.
        location: The URI of a folder: ``file:///abs``, or ``file:///./rel``, relative to the document's folder.
        file: The path of the main file in that folder.
        dependencies: The paths of files that run before it.
        document_folder: The folder of the file that has the step.

    Raises:
        ScriptFileError: A file cannot be used.
    """
    folder = _find_folder(location, document_folder)
    left = SCRIPT_SOURCE_BYTES_MAX
    sources = []
    for name in (*dependencies, file):
        content = _read_file(folder, name, left)
        left -= len(content)
        sources.append(ScriptSource(name, _decode(content, name)))
    return ScriptProgram(language, sources[-1], tuple(sources[:-1]))


def _find_folder(location: str, document_folder: Path) -> Path:
    scheme, separator, path = location.partition("://")
    if not separator or scheme.lower() != "file":
        raise ScriptFileError("no-file-uri", location)
    path = unquote(path)
    relative = path.startswith(("./", "../", "/./", "/../"))
    if not relative and not path.startswith("/"):  # a host, which this computer does not ask for files
        raise ScriptFileError("no-file-uri", location)
    try:
        folder = (document_folder / (path.removeprefix("/") if relative else path)).resolve()
        is_folder = folder.is_dir()
    except (OSError, ValueError, RuntimeError):  # a NUL, a loop of links
        is_folder = False
    if not is_folder:
        raise ScriptFileError("no-folder", location)
    return folder


def _read_file(folder: Path, name: str, bytes_max: int) -> bytes:
    if _SEGMENTS.fullmatch(name) is None or any(segment in {".", ".."} for segment in name.split("/")):
        raise ScriptFileError("no-relative-path", name)
    try:
        path = (folder / name).resolve(strict=True)
    except FileNotFoundError:
        raise ScriptFileError("not-found", name) from None
    except (OSError, RuntimeError):  # a loop of links
        raise ScriptFileError("unreadable", name) from None
    if not path.is_relative_to(folder):
        raise ScriptFileError("outside", name)
    if not path.is_file():  # opening a pipe would block
        raise ScriptFileError("no-regular-file", name)
    try:
        with path.open("rb") as opened:
            content = opened.read(bytes_max + 1)
    except OSError:
        raise ScriptFileError("unreadable", name) from None
    if len(content) > bytes_max:
        raise ScriptFileError("too-large", name)
    return content


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ScriptFileError("no-utf-8", name) from None
