"""Files, folders and globs on the command line. git itself decides the expected result of ``.gitignore``."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime.cli.configuration import Configurations
from naftiko_runtime.cli.find_input_files import discover_inputs, discover_runnable
from naftiko_runtime.cli.recognize_capability import is_capability
from naftiko_runtime.source import SourceCache

if TYPE_CHECKING:
    from collections.abc import Iterable

TREE = (
    "a.yaml",
    "b.yml",
    "notes.txt",
    "z.sandbox.yaml",
    ".hidden.yaml",
    "caps/c.yaml",
    "caps/d.json",
    "caps/deep/er/e.yml",
    "caps/[x].yaml",
    ".github/f.yaml",
    "out/g.yaml",
)


def fill(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path, TREE)


def found(*words: str, gitignore: bool = True) -> list[str]:
    return [
        str(e.path) for e in discover_inputs(words, Configurations(), gitignore=gitignore, stdin_name="<stdin>").files
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["."], ["a.yaml", "b.yml", "caps/[x].yaml", "caps/c.yaml", "caps/deep/er/e.yml", "out/g.yaml"]),
        (["caps"], ["caps/[x].yaml", "caps/c.yaml", "caps/deep/er/e.yml"]),
        (["out", "a.yaml"], ["out/g.yaml", "a.yaml"]),
        (["a.yaml", "./a.yaml"], ["a.yaml"]),
        (["notes.txt", "z.sandbox.yaml", ".hidden.yaml"], ["notes.txt", "z.sandbox.yaml", ".hidden.yaml"]),
        ([".github"], [".github/f.yaml"]),
        (["*.yaml"], ["a.yaml"]),
        (["**/*.yaml"], ["a.yaml", "caps/[x].yaml", "caps/c.yaml", "out/g.yaml"]),
        (["caps/**/*.y*ml"], ["caps/[x].yaml", "caps/c.yaml", "caps/deep/er/e.yml"]),
        (["caps/*/er"], ["caps/deep/er/e.yml"]),
        (["caps/*.json"], ["caps/d.json"]),
        (["caps/[x].yaml"], ["caps/[x].yaml"]),
        (["[ab].y*"], ["a.yaml", "b.yml"]),
        (["./caps/deep/../*.yaml"], ["caps/deep/../[x].yaml", "caps/deep/../c.yaml"]),
    ],
)
@pytest.mark.usefixtures("tree")
def test_words_stand_for_files_in_order(words: list[str], expected: list[str]) -> None:
    assert found(*words) == expected


@pytest.mark.usefixtures("tree")
def test_a_file_that_is_named_and_found_is_named() -> None:
    inputs = discover_inputs([".", "a.yaml", "-"], Configurations(), gitignore=True, stdin_name="in.yaml").files
    assert [(str(entry.path), entry.stdin) for entry in inputs if entry.named] == [("a.yaml", False), ("in.yaml", True)]


@pytest.mark.parametrize("word", ["none.yaml", "none/", "*.toml", "none/*.yaml", "caps/*.sandbox.yaml"])
@pytest.mark.usefixtures("tree")
def test_a_word_for_nothing_is_wrong_usage(word: str) -> None:
    with pytest.raises(click.UsageError) as raised:
        found("a.yaml", word)
    assert f"'{word}'" in raised.value.message


def test_links_to_folders_are_not_followed(tree: Path) -> None:
    (tree / "caps" / "loop").symlink_to(tree)
    (tree / "caps" / "link.yaml").symlink_to(tree / "a.yaml")
    assert found("caps") == ["caps/[x].yaml", "caps/c.yaml", "caps/deep/er/e.yml", "caps/link.yaml"]


def test_what_is_ignored_counts_when_asked_for(tree: Path) -> None:
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text("out/\na.yaml\n")
    assert "out/g.yaml" not in found(".")
    assert found("**/*.yaml") == ["caps/[x].yaml", "caps/c.yaml"]
    assert {"out/g.yaml", "a.yaml"} <= set(found(".", gitignore=False))
    assert found("a.yaml", "out") == ["a.yaml", "out/g.yaml"]


def test_folders_of_a_configuration_are_left_out(tree: Path) -> None:
    (tree / "naftiko.toml").write_text('exclude = ["caps/deep/", "b.*"]\n')
    (tree / "out" / "naftiko.toml").write_text('exclude = ["*"]\n')
    assert found(".") == ["a.yaml", "caps/[x].yaml", "caps/c.yaml"]
    assert found("b.yml") == ["b.yml"]


NAMES = ("a.yaml", "b.yaml", "x/a.yaml", "x/b.yaml", "x/y/a.yaml", "x/y/c d.yaml", "y/a.yaml", "y/x/b.yaml", "#h.yaml")
SEGMENTS = ["x", "y", "a.yaml", "*.yaml", "a*", "*", "?", "[ab].yaml", "[!a]*", "c d.yaml", "c\\ d.yaml", "**"]
LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", " "]),
)
PATTERNS = st.lists(LINES | st.sampled_from(["#h.yaml", "\\#h.yaml", "", "!", "/"]), max_size=4)


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(["", "x", "x/y", "y"]), PATTERNS, max_size=3))
def test_gitignore_files_mean_what_git_says(patterns: dict[str, list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = fill(Path(name), NAMES)
        for below, lines in patterns.items():
            (folder / below / ".gitignore").write_text("\n".join(lines) + "\n")
        git = ["git", "-c", "safe.directory=*", "-c", "core.excludesFile=", "-C", name]
        subprocess.run([*git, "init", "-q"], check=True)
        listed = subprocess.run(
            [*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
        )
        ours = {os.path.relpath(file, name) for file in found(name)}
        assert ours == {file for file in listed.stdout.split("\0") if file.endswith(".yaml")}
        for inner in ("x", "x/y"):
            inside = {file for file in ours if file.startswith(f"{inner}/")}
            assert not inside or {os.path.relpath(file, name) for file in found(f"{name}/{inner}")} == inside


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"naftiko": "1.0.0-alpha2", "capability": {}}, True),
        ({"capability": None}, True),
        ({"ikanos": "1.0.0-beta5", "exposes": {}}, True),
        ({"naftiko": "1.0.0-alpha2", "consumes": []}, False),
        ({"exposes": []}, False),
        ([], False),
        (None, False),
    ],
)
def test_what_a_folder_s_capability_is(data: object, expected: bool) -> None:
    assert is_capability(data) is expected


def test_a_folder_means_the_same_to_run_and_to_validate(tmp_path: Path) -> None:
    names = ("one.yaml", "ignored.yaml", "excluded.yaml", ".data/hidden.yaml", "below/two.yaml", "one.sandbox.yaml")
    fill(tmp_path, (*names, "one.tests.yaml"))
    for file in tmp_path.rglob("*.yaml"):
        file.write_text("naftiko: 1.0.0-alpha2\ncapability: {}\n")
    (tmp_path / ".gitignore").write_text("ignored.yaml\n")
    (tmp_path / "naftiko.toml").write_text("exclude = ['excluded.yaml']\n")
    (tmp_path / "template.yaml").write_text("{{- if .Values.on }}\n")
    served = [file.name for file in discover_runnable([tmp_path], SourceCache())]
    assert served == ["two.yaml", "one.yaml"]
    assert [Path(file).name for file in found(str(tmp_path)) if file != str(tmp_path / "template.yaml")] == served
