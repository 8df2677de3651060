"""Packages that cannot be beside those of the tests, such as an older version of one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from support.install_once import install_once

if TYPE_CHECKING:
    from pathlib import Path

_INSTALL_SECONDS = 240


def install_requirement(requirement: str) -> Path:
    """Install one version of a package and what it needs, once; the folder to put into ``PYTHONPATH``."""

    def install(making: Path) -> None:
        options = ["--disable-pip-version-check", "--no-input", "--quiet", "--target", str(making)]
        command = [sys.executable, "-m", "pip", "install", *options, requirement]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
        assert done.returncode == 0, (done.stdout, done.stderr)

    return install_once(requirement.replace("==", "-"), install)
