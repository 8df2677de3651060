"""Finds the Debian programs that the bench needs, and installs them where that is possible."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable

PACKAGES = {"nginx": "nginx", "wrk": "wrk", "valgrind": "valgrind"}
APT_SECONDS = 300
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def find(program: str) -> str | None:
    return shutil.which(program, path=SEARCH)


def read_version(program: str) -> str:
    """Return the first line that a program prints with `--version`."""
    command = [find(program) or program, "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.partition("\n")[0]


def find_missing(programs: Iterable[str]) -> list[str]:
    return [program for program in programs if find(program) is None]


def install(programs: list[str]) -> None:
    """Install programs with apt-get, as root only; call `missing` again for what failed."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    packages = [PACKAGES[program] for program in programs]
    with contextlib.suppress(subprocess.TimeoutExpired):
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", *packages)


def _apt_get(*arguments: str) -> None:
    subprocess.run(
        ["apt-get", "-q", *arguments],
        check=False,
        timeout=APT_SECONDS,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )


def install_missing(*programs: str) -> list[str]:
    """Install missing programs and return those that are still missing."""
    if absent := find_missing(programs):
        install(absent)
    return find_missing(programs)
