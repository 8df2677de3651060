"""Programs that tests install beside the packages that they need."""

from __future__ import annotations

import fcntl
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def install_once(name: str, install: Callable[[Path], None]) -> Path:
    """Let only one process of several install something into a folder of this name; the folder, once it is whole."""
    installed = Path(sys.prefix) / name
    if installed.exists():
        return installed
    with installed.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists():
            making = installed.with_name(f"{name}.making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            install(making)
            making.rename(installed)
    return installed
