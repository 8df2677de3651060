"""Runs the Dockerfile without a container engine: its stages in a folder, its command as a plain process.

What it copies and runs, and the values of its ENV, USER, ENTRYPOINT, CMD and HEALTHCHECK, are read from the file
itself. Absolute paths of the image stand below one folder, which nobody but its owner can write to.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Self

from support.debian import skip_or_fail
from support.gateway import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent.parent
BASE_PATH = "/usr/local/bin:/usr/bin:/bin"
FOLDERS = ("/opt/naftiko", "/capabilities", "/build")
NO_FILE_GROWS = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
"""What runs behind this can write to its pipes and sockets, but not one byte to any file."""


class Stage:
    """The instructions of a Dockerfile from one FROM to the next."""

    def __init__(self) -> None:
        self.instructions: list[tuple[str, str]] = []

    @classmethod
    def read_all(cls, file: Path) -> list[Self]:
        text = re.sub(r"^\s*#.*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        stages: list[Self] = []
        for line in re.sub(r"\\\n", " ", text).splitlines():
            keyword, _, rest = line.strip().partition(" ")
            if keyword == "FROM":
                stages.append(cls())
            if stages and keyword:
                stages[-1].instructions.append((keyword, rest.strip()))
        return stages

    def values(self, keyword: str) -> list[str]:
        return [value for found, value in self.instructions if found == keyword]

    def value(self, keyword: str) -> str:
        (value,) = self.values(keyword)
        return value

    def command(self, keyword: str) -> list[str]:
        """The exec form of ENTRYPOINT, CMD or HEALTHCHECK; the shell form is no JSON and fails."""
        command: list[str] = json.loads(self.value(keyword).rpartition("CMD ")[2])
        return command

    def pairs(self, keyword: str, known: Mapping[str, str]) -> dict[str, str]:
        """The names and values of ENV, LABEL or ARG."""
        found: dict[str, str] = {}
        for part in shlex.split(" ".join(self.values(keyword))):
            name, _, value = part.partition("=")
            found[name] = Template(value).substitute({**known, **found})
        return found

    def copies(self) -> Iterator[tuple[list[str], str, int | None]]:
        """Sources, target and mode of each COPY from the build context."""
        for value in self.values("COPY"):
            words = value.split()
            flags = dict(word[2:].split("=") for word in words if word.startswith("--"))
            if "from" not in flags:
                *sources, target = [word for word in words if not word.startswith("--")]
                yield sources, target, int(flags["chmod"], 8) if "chmod" in flags else None


@dataclass(frozen=True)
class Image:
    """The built image; its absolute path ``/x`` is ``folder / "x"``."""

    folder: Path
    stages: list[Stage]
    python: str | None
    """The interpreter its user may run; none when all there are belong to root alone."""

    @property
    def final(self) -> Stage:
        return self.stages[-1]

    @property
    def wheel(self) -> Path:
        (wheel,) = self.folder.glob("build/dist/*.whl")
        return wheel

    @property
    def venv(self) -> Path:
        return self.folder / "opt/naftiko"

    @property
    def environment(self) -> dict[str, str]:
        """What a container's first process gets."""
        base = {"PATH": BASE_PATH, "HOME": "/nonexistent"}
        return base | {k: self.placed(v) for k, v in self.final.pairs("ENV", base).items()}

    def placed(self, text: str) -> str:
        """Text of the image with its absolute paths as they are here."""
        return re.sub(rf"({'|'.join(FOLDERS)})\b", rf"{self.folder}\1", text)

    def command(self, *keywords: str) -> list[str]:
        return [self.placed(word) for keyword in keywords for word in self.final.command(keyword)]

    def unprivileged(self) -> dict[str, Any]:
        """How a process becomes the image's user in its folder."""
        if self.python is None:
            skip_or_fail("needs an interpreter that other users may run too: apt-get install python3")
        return {"cwd": self.placed(self.final.value("WORKDIR")), **_identity(self.final)}

    def start(self, environment: Mapping[str, str]) -> Program:
        """ENTRYPOINT and CMD, with an operator's variables."""
        command = [*NO_FILE_GROWS, *self.command("ENTRYPOINT", "CMD")]
        return Program(command, {**self.environment, **environment}, **self.unprivileged())

    def health(self, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """HEALTHCHECK, beside the process that `start` started."""
        return subprocess.run(
            [*NO_FILE_GROWS, *self.command("HEALTHCHECK")],
            env={**self.environment, **environment},
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            **self.unprivileged(),
        )


@contextmanager
def build_image() -> Iterator[Image]:
    """The image of the tree as it is, but for what git ignores."""
    # Not below pytest's folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="naftiko-image-"))
    try:
        folder.chmod(0o755)
        stages = Stage.read_all(ROOT / "Dockerfile")
        image = Image(folder, stages, _interpreter(_identity(stages[-1])))
        _build(image)
        yield image
    finally:
        _allow_writing(folder, allowed=True)
        shutil.rmtree(folder)


def _build(image: Image) -> None:
    context = image.folder / "context"
    for name in _tree():
        copy = context / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    for stage in image.stages:
        work = Path(image.placed(stage.value("WORKDIR")))
        work.mkdir()
        for sources, target, mode in stage.copies():
            for source in sources:
                _copy(context / source, work / image.placed(target), mode)
    programs = image.folder / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(image.python or sys.executable)
    arguments = image.stages[0].pairs("ARG", {})
    for command in image.stages[0].values("RUN"):
        _run(image.placed(command), image.folder / "build", programs, arguments)
    _allow_writing(image.folder, allowed=False)


def _tree() -> list[str]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _copy(source: Path, place: Path, mode: int | None) -> None:
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True)
        return
    place.mkdir(parents=True, exist_ok=True)
    copy = shutil.copyfile(source, place / source.name)
    copy.chmod(mode if mode is not None else 0o644)


def _identity(stage: Stage) -> dict[str, Any]:
    """Who USER names; only root can become somebody else."""
    user, _, group = stage.value("USER").partition(":")
    return {"user": int(user), "group": int(group), "extra_groups": []} if os.geteuid() == 0 else {}


def _interpreter(identity: dict[str, Any]) -> str | None:
    """The tests' own interpreter, or the system's: the first that this user may run."""
    probe = ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"]
    for python in (os.path.realpath(sys.executable), shutil.which("python3", path=BASE_PATH)):
        try:
            if python and subprocess.run([python, *probe], check=False, cwd="/", **identity).returncode == 0:
                return python
        except PermissionError:
            continue
    return None


def _run(command: str, work: Path, programs: Path, arguments: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=work,
        env={**os.environ, **arguments, "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=0o022,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


def _allow_writing(folder: Path, *, allowed: bool) -> None:
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o755 if allowed else 0o555)
