"""``naftiko validate --fix`` and ``--diff`` as commands: the changed files, and the exit status."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.command import run_naftiko

if TYPE_CHECKING:
    from pathlib import Path

SHIPS = """\
naftiko: 1.0.0-alpha2
info: {title: Ships, description: Ships}   # theirs
capability:
  consumes:
    - namespace: registry
      baseUri: https://registry.example/v1
      resources: [{path: /ships, operations: [{name: list-ships}]}]
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources: [{path: /ships, operations: [{call: registry.list-ships}]}]
"""
FIXED = SHIPS.replace("title", "label")
DIFF = """\
--- {file}
+++ {file}
@@ -1,5 +1,5 @@
 naftiko: 1.0.0-alpha2
-info: {{title: Ships, description: Ships}}   # theirs
+info: {{label: Ships, description: Ships}}   # theirs
 capability:
   consumes:
     - namespace: registry
"""


@pytest.fixture
def ships(tmp_path: Path) -> Path:
    file = tmp_path / "ships.yaml"
    file.write_text(SHIPS)
    return file


def test_fix_rewrites_the_file(ships: Path) -> None:
    ended = run_naftiko("validate", "--fix", ships)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "1 file checked: no findings\nfixed 1 finding in 1 file\n"
    assert ships.read_text() == FIXED
    assert [path.name for path in ships.parent.iterdir()] == ["ships.yaml"]


@pytest.mark.parametrize("arguments", [["--diff"], ["--fix", "--diff"]])
def test_diff_shows_and_does_not_write(ships: Path, arguments: list[str]) -> None:
    before = ships.stat().st_mtime_ns
    ended = run_naftiko("validate", *arguments, ships)
    assert (ended.returncode, ended.stdout) == (0, DIFF.format(file=ships))
    assert ended.stderr == "1 file checked: no findings\nwould fix 1 finding in 1 file\n"
    assert (ships.read_text(), ships.stat().st_mtime_ns) == (SHIPS, before)


def naftiko_in(shell: str, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command from a shell, and keep its output as bytes."""
    command = [sys.executable, "-m", "naftiko_runtime", *map(str, arguments)]
    script = f'{shell}; exec "$@"'
    return subprocess.run(["sh", "-c", script, "sh", *command], check=False, capture_output=True, timeout=30)


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch command")
@pytest.mark.parametrize("change", ["", "no line break at the end", "CRLF"])
def test_patch_takes_the_diff(ships: Path, change: str) -> None:
    text = SHIPS.replace(".list-ships}]}]\n", ".list-ships, outputParameters: [{type: object, mapping: $.}]}]}]\n")
    text = {"": text, "CRLF": text.replace("\n", "\r\n")}.get(change, text[:-1])
    ships.write_bytes(text.encode())
    diff = naftiko_in("true", "validate", "--diff", ships).stdout
    subprocess.run(["patch", "--binary", ships], input=diff, check=True, capture_output=True)
    assert ships.read_bytes() == text.replace("title", "label").replace("$.", "$").encode()


def test_a_file_with_nothing_to_fix_is_not_written(ships: Path) -> None:
    ships.write_text(FIXED)
    before = ships.stat()
    ended = run_naftiko("validate", "--fix", ships)
    after = ships.stat()
    assert ended.stdout == "1 file checked: no findings\nfixed 0 findings in 0 files\n"
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_exit_status_is_about_what_remains(ships: Path) -> None:
    broken = SHIPS.replace("call: registry.list-ships", "call: registry.list-shps")
    ships.write_text(broken)
    ended = run_naftiko("validate", "--fix", ships)
    assert ended.returncode == 1
    assert "error[unresolved-call]" in ended.stdout
    assert "non-standard-key" not in ended.stdout
    assert ended.stdout.endswith("1 file checked: 1 error\nfixed 1 finding in 1 file\n")
    assert ships.read_text() == broken.replace("title", "label")


def test_a_mistake_that_is_fixed_is_no_error_any_more(ships: Path) -> None:
    ships.write_text(SHIPS.replace("baseUri", "baseUrl"))
    assert run_naftiko("validate", ships).returncode == 1
    assert run_naftiko("validate", "--fix", ships).returncode == 0
    assert ships.read_text() == FIXED


def test_the_mode_is_kept_and_a_link_followed(ships: Path, tmp_path: Path) -> None:
    ships.chmod(0o640)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.yaml"
    link.symlink_to("../ships.yaml")
    assert run_naftiko("validate", "--fix", link).returncode == 0
    assert link.is_symlink()
    assert (ships.read_text(), ships.stat().st_mode & 0o777) == (FIXED, 0o640)
    assert [path.name for path in folder.iterdir()] == ["link.yaml"]


def test_a_file_that_cannot_be_written_stays_whole(ships: Path) -> None:
    ended = naftiko_in("ulimit -f 0", "validate", "--fix", ships)
    assert ended.returncode == 1
    assert f"cannot write {ships}".encode() in ended.stderr
    assert ships.read_text() == SHIPS
    assert [path.name for path in ships.parent.iterdir()] == ["ships.yaml"]


def test_what_is_imported_is_fixed_only_when_it_is_given(ships: Path, tmp_path: Path) -> None:
    ships.write_text("""\
naftiko: 1.0.0-alpha2
info: {title: Ships, description: Ships}
capability:
  consumes: [{location: ./registry.yaml, import: registry}]
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources: [{path: /ships, operations: [{call: registry.list-ships}]}]
""")
    registry = tmp_path / "registry.yaml"
    shared = "consumes:\n- namespace: registry\n  baseUri: https://x.example\n  auth: {type: bearer, token: x}\n"
    shared += "  resources: [{path: /ships, operations: [{name: list-ships}]}]\n"
    registry.write_text(shared)
    ended = run_naftiko("validate", "--fix", ships)
    assert "'auth' is read as 'authentication'" in ended.stdout
    assert (ended.returncode, registry.read_text()) == (0, shared)
    run_naftiko("validate", "--fix", registry)
    assert registry.read_text() == shared.replace("auth:", "authentication:")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: [", b"- 1", b"a: &a [*a]", b"{" * 500, b"\xef\xbb\xbf"])
def test_what_is_no_capability_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.yaml"
    file.write_bytes(content)
    ended = run_naftiko("validate", "--fix", file)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "error[" in ended.stdout
    assert file.read_bytes() == content
