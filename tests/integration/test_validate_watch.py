"""``naftiko validate --watch`` as a process: it reports after a file is saved, and Ctrl-C ends it."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

import pytest

from support.command import make_clean_environment

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 30

SOUND = """\
naftiko: 1.0.0-alpha2
info: {label: Things, description: Things}
capability:
  exposes:
  - type: rest
    namespace: web
    port: 8080
    resources:
    - path: /things
      operations:
      - {name: list, outputParameters: [{name: x, type: string, value: y}]}
"""
BROKEN = SOUND.replace("capability:", "binds:\n- {namespace: env, keys: {X: X}}\ncapability:").replace(
    "outputParameters: [{name: x, type: string, value: y}]", "call: api.list"
)
IMPORTING = """\
naftiko: 1.0.0-alpha2
info: {label: Things, description: Things}
capability:
  consumes:
  - {location: ./parts/shared.yaml, import: api}
  exposes:
  - {type: rest, namespace: web, port: 8080, resources: [{path: /t, operations: [{name: l, call: api.list}]}]}
"""
SHARED = """\
naftiko: 1.0.0-alpha2
consumes:
- {type: http, namespace: api, baseUri: 'https://x.example', resources: [{path: /t, operations: [{name: list}]}]}
"""


class Watcher:
    """The command, and the reports that it has written."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "naftiko_runtime", "validate", "--watch", "--format", "concise", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=make_clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reports: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        report = ""
        for line in self.process.stdout:
            report += line
            if " checked: " in line:
                self._reports.put(report)
                report = ""

    def report(self) -> str:
        """The next report, once it comes."""
        return self._reports.get(timeout=_SECONDS)

    def report_with(self, text: str) -> str:
        """The next report that has a text in it: a save may be seen half done, and then again."""
        while text not in (report := self.report()):
            pass
        return report

    def stop(self) -> tuple[int, str]:
        """Ctrl-C; the exit status, and what was written to standard error."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        errors = self.process.stderr.read()
        return self.process.wait(_SECONDS), errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "a.yaml").write_text(SOUND)
    (tmp_path / "b.yaml").write_text(SOUND)
    return tmp_path


def test_a_saved_file_is_reported_and_ctrl_c_is_clean(folder: Path) -> None:
    with Watcher(folder, "a.yaml", "b.yaml") as watcher:
        assert watcher.report() == "2 files checked: no findings\n"
        (folder / "a.yaml").write_text(BROKEN)
        assert watcher.report_with("error[").startswith("a.yaml:4:")
        (folder / "b.yaml").write_text(BROKEN)
        assert "b.yaml:" in watcher.report_with("2 errors")
        (folder / "a.yaml").write_text(SOUND)
        assert "a.yaml" not in watcher.report_with("1 error,")
        (folder / "new").write_text(SOUND)
        (folder / "new").replace(folder / "b.yaml")  # as editors do
        watcher.report_with("no findings")
        assert watcher.stop() == (0, "")


def test_without_watchfiles_it_says_what_to_install(folder: Path) -> None:
    script = "import sys; sys.modules['watchfiles'] = None\nfrom naftiko_runtime.cli import main\nmain()"
    command = [sys.executable, "-c", script, "validate", "--watch", "a.yaml"]
    ended = subprocess.run(
        command, check=False, cwd=folder, env=make_clean_environment(), capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "error: --watch needs the extra 'watch'; in a checkout of naftiko-runtime: pip install '.[watch]'\n"
    )


def test_a_save_without_change_is_reported_too(folder: Path) -> None:
    with Watcher(folder, "a.yaml") as watcher:
        watcher.report()
        for comment in ("# one\n", "# two\n"):
            (folder / "a.yaml").write_text(SOUND + comment)
            watcher.report_with("1 file checked: no findings")


def test_files_and_folders_come_and_go(folder: Path) -> None:
    with Watcher(folder, ".") as watcher:
        watcher.report_with("2 files")
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "deep" / "er" / "c.yaml").write_text(SOUND)
        watcher.report_with("3 files checked: no findings")
        (folder / "deep" / "er" / "c.yaml").write_text(BROKEN)
        watcher.report_with("3 files checked: 1 error, 1 warning")
        (folder / "deep" / "er" / "c.yaml").unlink()
        watcher.report_with("2 files checked: no findings")


def test_an_imported_file_counts(folder: Path) -> None:
    (folder / "a.yaml").write_text(IMPORTING)
    (folder / "parts" / "shared.yaml").write_text(SHARED)
    with Watcher(folder, "a.yaml") as watcher:
        assert watcher.report() == "1 file checked: no findings\n"
        (folder / "parts" / "shared.yaml").write_text(SHARED.replace("name: list", "name: lost"))
        assert "unresolved-call" in watcher.report_with("error[")
        (folder / "parts" / "shared.yaml").write_text(SHARED)
        watcher.report_with("no findings")


def test_a_configuration_applies_and_an_invalid_one_is_reported(folder: Path) -> None:
    (folder / "a.yaml").write_text(BROKEN)
    with Watcher(folder, "a.yaml") as watcher:
        watcher.report_with("1 error, 1 warning")
        (folder / "naftiko.toml").write_text('ignore = ["NK201"]\n')
        watcher.report_with("1 file checked: 1 warning")
        (folder / "naftiko.toml").write_text("ignor = []\n")
        assert watcher.process.stderr is not None
        assert watcher.process.stderr.readline() == "error: naftiko.toml: unknown key 'ignor'; did you mean 'ignore'?\n"
        (folder / "naftiko.toml").unlink()
        watcher.report_with("1 error, 1 warning")
        assert watcher.stop()[0] == 0
