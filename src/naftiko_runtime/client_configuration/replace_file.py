"""Replaces a configuration file: a copy of the old one stays, and no reader sees half of the new one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def read_text(path: Path) -> str:
    """Return the text of a file, with its line ends. Empty if there is no file.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    return path.read_bytes().decode() if path.exists() else ""


def replace_file(path: Path, text: str) -> Path | None:
    """Write a file, and return the copy of the old one. None if there was no file.

    A link stays a link: the file that it leads to is replaced. The permissions stay. A new file is for its owner only.

    Raises:
        OSError: It cannot be written. The old file is unchanged then.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    backup = _copy(target) if target.exists() else None
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if backup is not None:
            shutil.copymode(target, written)
        written.replace(target)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return backup


def _copy(target: Path) -> Path:
    """Copy a file beside itself, under a name that is free."""
    number = 0
    while True:
        backup = target.with_name(f"{target.name}.bak{number or ''}")
        if not backup.exists():
            shutil.copy2(target, backup)
            return backup
        number += 1
