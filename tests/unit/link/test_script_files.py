from __future__ import annotations

import os
from pathlib import Path

import pytest

from naftiko_runtime.limits import SCRIPT_SOURCE_BYTES_MAX
from naftiko_runtime.link.script_files import ScriptFileError, read_script
from naftiko_runtime.scripting.script_program import ScriptProgram, ScriptSource


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scripts = tmp_path / "scripts"
    (scripts / "lib").mkdir(parents=True)
    (scripts / "price.js").write_text("result = 1;")
    (scripts / "lib" / "rate.js").write_bytes(b"\xef\xbb\xbfconst rate = 2;")
    (scripts / "latin.js").write_bytes(b"// \xe9")
    (scripts / "large.js").write_bytes(b" " * (SCRIPT_SOURCE_BYTES_MAX + 1))
    (scripts / "half.js").write_bytes(b" " * (SCRIPT_SOURCE_BYTES_MAX // 2 + 1))
    (tmp_path / "secret.js").write_text("secret")
    (scripts / "link-outside.js").symlink_to(tmp_path / "secret.js")
    (scripts / "link-folder").symlink_to(tmp_path)
    (scripts / "link-inside.js").symlink_to("price.js")
    (scripts / "loop.js").symlink_to("loop.js")
    os.mkfifo(scripts / "pipe.js")
    return tmp_path


@pytest.mark.parametrize(
    "location", ["file:///./scripts", "file://./scripts/", "file:///./scripts/lib/..", "FILE:///./scr%69pts"]
)
def test_a_script_is_read_with_its_dependencies(location: str, folder: Path) -> None:
    assert read_script("javascript", location, "price.js", ["lib/rate.js"], folder) == ScriptProgram(
        "javascript", ScriptSource("price.js", "result = 1;"), (ScriptSource("lib/rate.js", "const rate = 2;"),)
    )


def test_a_location_can_be_absolute(folder: Path) -> None:
    program = read_script("javascript", f"file://{folder}/scripts", "link-inside.js", (), Path("/nowhere"))
    assert program.main == ScriptSource("link-inside.js", "result = 1;")


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("./scripts", "no-file-uri"),
        ("https://example.com/scripts", "no-file-uri"),
        ("file://host/scripts", "no-file-uri"),
        ("file:///./missing", "no-folder"),
        ("file:///./secret.js", "no-folder"),
        ("file:///./scripts/loop.js", "no-folder"),
        ("file:///./%00", "no-folder"),
    ],
)
def test_a_wrong_location_is_refused(location: str, problem: str, folder: Path) -> None:
    with pytest.raises(ScriptFileError) as caught:
        read_script("javascript", location, "price.js", (), folder)
    assert (caught.value.problem, caught.value.name) == (problem, location)


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("../secret.js", "no-relative-path"),
        ("lib/../../secret.js", "no-relative-path"),
        ("./price.js", "no-relative-path"),
        ("/etc/passwd", "no-relative-path"),
        ("lib//rate.js", "no-relative-path"),
        ("lib\\rate.js", "no-relative-path"),
        ("a b.js", "no-relative-path"),
        ("price.js\n", "no-relative-path"),
        ("", "no-relative-path"),
        ("missing.js", "not-found"),
        ("price.js/x", "unreadable"),
        ("loop.js", "unreadable"),
        ("link-outside.js", "outside"),
        ("link-folder/secret.js", "outside"),
        ("lib", "no-regular-file"),
        ("pipe.js", "no-regular-file"),
        ("large.js", "too-large"),
        ("latin.js", "no-utf-8"),
    ],
)
def test_a_wrong_path_is_refused(file: str, problem: str, folder: Path) -> None:
    for main, dependencies in ((file, ()), ("price.js", (file,))):
        with pytest.raises(ScriptFileError) as caught:
            read_script("javascript", "file:///./scripts", main, dependencies, folder)
        assert (caught.value.problem, caught.value.name) == (problem, file)


def test_all_files_together_have_a_limit(folder: Path) -> None:
    with pytest.raises(ScriptFileError) as caught:
        read_script("javascript", "file:///./scripts", "price.js", ["half.js", "half.js"], folder)
    assert (caught.value.problem, caught.value.name) == ("too-large", "half.js")
