"""Writes the archive of a skill: the same files give the same bytes, on every system."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from naftiko_runtime.plan import Skill

_FORMAT: Final = b"zip 1\n"
"""Changes the digest where the bytes of an archive change for another reason than its files."""
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16


def make_archive(skill: Skill) -> bytes:
    """Return a zip archive with the folder of a skill. It is not compressed: compressors differ in their bytes."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for file in skill.files:
            entry = ZipInfo(f"{skill.name}/{file.path}", _EARLIEST)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, file.content)
    return buffer.getvalue()


def digest_archive(skill: Skill) -> str:
    """Return a digest that two archives share only if they are equal. The archive is not needed for it."""
    found = sha256(_FORMAT)
    for text in (skill.name, *(text for file in skill.files for text in (file.path, file.digest))):
        found.update(text.encode() + b"\0")
    return found.hexdigest()
