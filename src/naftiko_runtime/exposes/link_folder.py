"""Links folders whose files are served: those of resources and of skills."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from naftiko_runtime import rules
from naftiko_runtime.file_media_types import find_media_type
from naftiko_runtime.folder_files import FolderError, resolve_location
from naftiko_runtime.plan import ServedFile
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, suggest

if TYPE_CHECKING:
    from naftiko_runtime.folder_files import FolderFile
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath

_NAMES_MAX: Final = 8
"""More names are noise in a message."""
_UNKNOWN_TEXT: Final = "text/plain"
_UNKNOWN_BYTES: Final = "application/octet-stream"


def describe_file(file: FolderFile, base_uri: str, media_type: str | None = None) -> ServedFile:
    """Return a file of a folder as it is served.

    Args:
        file: The file.
        base_uri: The URI of its folder, with a slash at the end.
        media_type: Its type, if its name does not tell.
    """
    from naftiko_runtime.exposes.text_detection import (  # noqa: PLC0415 - few documents have folders
        is_text_type,
        is_unicode,
        is_unicode_text,
    )

    known = find_media_type(file.path) or media_type
    is_text = is_unicode_text(file.content) if known is None else is_text_type(known) and is_unicode(file.content)
    known = known or (_UNKNOWN_TEXT if is_text else _UNKNOWN_BYTES)
    return ServedFile(base_uri + quote(file.path), file.path, known, file.content, is_text, file.digest)


def report_folder_error(error: FolderError, key_path: KeyPath, context: Context) -> None:
    """Report why a location cannot be served, and what there is in its place."""
    statement, advice = _STATEMENTS[error.problem](name=error.name[:100]), None
    if error.problem in ("no-folder", "no-file"):
        path = resolve_location(error.name, Path(context.find_span(key_path).file).parent)
        if path.is_file():
            statement = rules.LOCATION_IS_FILE(name=error.name[:100])
        else:
            advice = _suggest_name(path, error.name, want_folder=error.problem == "no-folder")
    context.report(statement, key_path, advice)


def _suggest_name(path: Path, location: str, *, want_folder: bool) -> Advice | None:
    """Advice for a location that does not exist: a similar name there, the few names there, or the missing folder."""
    with suppress(OSError):
        if not path.parent.is_dir():
            written = location.rstrip("/").rpartition("/")[0]
            return helps.NO_FOLDER(folder=written) if written.startswith("file:///") else None
        names = sorted(
            entry.name
            for entry in path.parent.iterdir()
            if not entry.name.startswith(".") and (entry.is_dir() if want_folder else entry.is_file())
        )
        if close := find_closest(path.name, names):
            return helps.DID_YOU_MEAN(suggestion=location.rstrip("/").rpartition("/")[0] + "/" + quote(close))
        if names and len(names) <= _NAMES_MAX:
            return suggest("", names, helps.FOLDERS_BESIDE if want_folder else helps.FOLDER_HAS)
    return None


_STATEMENTS: Final = {
    "no-file-uri": rules.LOCATION_URI,
    "no-folder": rules.LOCATION_FOLDER,
    "no-file": rules.LOCATION_FILE,
    "outside": rules.LOCATION_OUTSIDE,
    "linked-folder": rules.LOCATION_LINKED_FOLDER,
    "no-regular-file": rules.LOCATION_KIND,
    "odd-name": rules.LOCATION_NAME,
    "unreadable": rules.LOCATION_UNREADABLE,
    "too-large": rules.LOCATION_FILE_SIZE,
    "too-many": rules.LOCATION_COUNT,
    "too-much": rules.LOCATION_SIZE,
}
