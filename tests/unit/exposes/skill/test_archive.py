"""Archives of skills: what is in them, and that equal files give equal bytes."""

from __future__ import annotations

import stat
import time
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile

from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.exposes.skill.archive import digest_archive, make_archive
from support.skills import make_skill

if TYPE_CHECKING:
    import pytest

FILES = {"SKILL.md": b"# Ships\r\n", "references/a b/\u00e9.bin": bytes(range(256)) * 40, "empty": b""}
NAMES = st.text("abc/", min_size=1, max_size=4)
ARCHIVE = (
    "504b03041400000000000000210067d6260808000000080000001300000066696e642d73686970732f534b494c4c2e6d64232053686970730a"
    "504b010214031400000000000000210067d626080800000008000000130000000000000000000000a4810000000066696e642d73686970732f"
    "534b494c4c2e6d64504b0506000000000100010041000000390000000000"
)
FOLDERS = st.dictionaries(NAMES, st.binary(max_size=3), max_size=3)


def test_an_archive_has_the_folder_of_the_skill() -> None:
    with ZipFile(BytesIO(make_archive(make_skill(FILES)))) as archive:
        assert archive.testzip() is None
        assert {entry.filename: archive.read(entry) for entry in archive.infolist()} == {
            f"find-ships/{path}": content for path, content in FILES.items()
        }
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            assert (stat.S_ISREG(mode), stat.S_IMODE(mode), entry.compress_type) == (True, 0o644, ZIP_STORED)


def test_nothing_around_the_files_changes_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    once = make_archive(make_skill(FILES))
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("sys.platform", "win32")
    assert make_archive(make_skill(dict(reversed(FILES.items())))) == once


def test_the_bytes_are_those_of_every_release() -> None:
    archive = make_archive(make_skill({"SKILL.md": b"# Ships\n"}))
    assert archive == bytes.fromhex(ARCHIVE)


@given(FOLDERS, FOLDERS)
def test_digests_are_equal_only_where_archives_are(one: dict[str, bytes], other: dict[str, bytes]) -> None:

    first, second = make_skill(one), make_skill(other)
    same = make_archive(first) == make_archive(second)
    assert (digest_archive(first) == digest_archive(second)) is same


def test_the_name_of_a_skill_is_part_of_its_digest() -> None:
    assert digest_archive(make_skill(FILES)) != digest_archive(make_skill(FILES, "find-ship"))
