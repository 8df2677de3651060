"""Files of folders: what is read, and what makes a folder unusable."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import folder_files
from naftiko_runtime.folder_files import FolderError, FolderFile, read_file, read_folder, resolve_location

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "file:///./files"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "b.md").write_bytes(b"# B\r\n\xef\xbb\xbf")
    (folder / "deep" / "er" / "a.bin").write_bytes(bytes(range(256)))
    return folder


def refusal(tmp_path: Path, location: str = FOLDER) -> tuple[str, str]:
    with pytest.raises(FolderError) as caught:
        read_folder(location, tmp_path)
    return caught.value.problem, caught.value.name


def test_every_file_is_read_as_it_is_in_order(files: Path, tmp_path: Path) -> None:
    found = read_folder(FOLDER, tmp_path)
    assert found == (FolderFile("b.md", b"# B\r\n\xef\xbb\xbf"), FolderFile("deep/er/a.bin", bytes(range(256))))
    assert found[0].digest == sha256((files / "b.md").read_bytes()).hexdigest()
    for location in (f"file://{files}", "file://./files", "file:///./files/", "FILE:///./files", "file:///./fil%65s"):
        assert read_folder(location, tmp_path) == found


def test_hidden_files_and_folders_are_left_out(files: Path, tmp_path: Path) -> None:
    (files / ".env").write_text("TOKEN=x")
    (files / ".git").mkdir()
    (files / ".git" / "config").write_text("x")
    assert [file.path for file in read_folder(FOLDER, tmp_path)] == ["b.md", "deep/er/a.bin"]


def test_ignored_files_and_those_beside_capabilities_are_left_out(files: Path, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.log\nbuilt/\n")
    (files / "deep" / ".gitignore").write_text("draft.md\n!kept.log\n")
    (files / "built").mkdir()
    left_out = ("a.log", "built/x.md", "deep/draft.md", "ships.sandbox.yaml", "ships.tests.yml")
    for name in (*left_out, "draft.md", "deep/kept.log", "ships.yaml"):
        (files / name).write_text("x")
    assert [file.path for file in read_folder(FOLDER, tmp_path)] == [
        "b.md",
        "deep/er/a.bin",
        "deep/kept.log",
        "draft.md",
        "ships.yaml",
    ]


def test_an_ignored_folder_that_is_named_is_read(files: Path, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("files/\n")
    assert [file.path for file in read_folder(FOLDER, tmp_path)] == ["b.md", "deep/er/a.bin"]
    assert files.is_dir()


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("files", "no-file-uri"),
        ("http:///files", "no-file-uri"),
        ("file://host/files", "no-file-uri"),
        ("file:///./nothing", "no-folder"),
        ("file:///./files/b.md", "no-folder"),
        ("file:///./files%00", "no-file-uri"),
    ],
)
def test_a_location_that_is_no_folder(files: Path, tmp_path: Path, location: str, problem: str) -> None:
    assert files.is_dir()
    assert refusal(tmp_path, location) == (problem, location)


def test_a_link_inside_the_folder_is_a_file(files: Path, tmp_path: Path) -> None:
    (files / "same.md").symlink_to("b.md")
    (files / "again.md").symlink_to(files / "same.md")
    found = {file.path: file.content for file in read_folder(FOLDER, tmp_path)}
    assert found["same.md"] == found["again.md"] == found["b.md"]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("../secret", "outside"),
        ("/etc/hostname", "outside"),
        ("..", "outside"),
        ("deep/../../secret", "outside"),
        ("deep", "linked-folder"),
        ("nothing", "unreadable"),
        ("link.md", "unreadable"),
    ],
)
def test_other_links_make_the_folder_unusable(files: Path, tmp_path: Path, target: str, problem: str) -> None:
    (tmp_path / "secret").write_text("s3cr3t")
    (files / "link.md").symlink_to(target)
    assert refusal(tmp_path) == (problem, "link.md")


def test_a_sibling_whose_name_begins_alike_is_outside(files: Path, tmp_path: Path) -> None:
    (tmp_path / "files-secret").write_text("s3cr3t")
    (files / "link.md").symlink_to("../files-secret")
    assert refusal(tmp_path) == ("outside", "link.md")


def test_a_pipe_does_not_block(files: Path, tmp_path: Path) -> None:
    os.mkfifo(files / "pipe")
    assert refusal(tmp_path) == ("no-regular-file", "pipe")


def test_a_name_that_is_not_unicode(files: Path, tmp_path: Path) -> None:
    (files / os.fsdecode(b"\xff.md")).write_text("x")
    assert refusal(tmp_path) == ("odd-name", "?.md")


def test_limits(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_files, "FOLDER_BYTES_MAX", 263)
    assert refusal(tmp_path) == ("too-much", FOLDER)
    monkeypatch.setattr(folder_files, "FOLDER_BYTES_MAX", 264)
    assert len(read_folder(FOLDER, tmp_path)) == 2
    monkeypatch.setattr(folder_files, "FOLDER_FILE_BYTES_MAX", 255)
    assert refusal(tmp_path) == ("too-large", "deep/er/a.bin")
    monkeypatch.setattr(folder_files, "FOLDER_FILES_MAX", 1)
    assert refusal(tmp_path) == ("too-many", FOLDER)
    assert files.is_dir()


def test_one_file(files: Path, tmp_path: Path) -> None:
    assert read_file("file:///./files/b.md", tmp_path, 8) == (files / "b.md").read_bytes()
    for location, bytes_max, problem in (
        ("file:///./files/b.md", 7, "too-large"),
        ("file:///./files/c.md", 8, "no-file"),
        ("file:///./files", 8, "no-regular-file"),
        ("b.md", 8, "no-file-uri"),
    ):
        with pytest.raises(FolderError) as caught:
            read_file(location, tmp_path, bytes_max)
        assert caught.value.problem == problem


def test_a_relative_location_may_lead_up(tmp_path: Path) -> None:
    assert resolve_location("file:///../x", tmp_path / "a") == (tmp_path / "x").resolve()
