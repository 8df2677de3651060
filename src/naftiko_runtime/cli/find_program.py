"""Finds the command that starts this program again, from any folder and with any search path."""

from __future__ import annotations

import sys
from pathlib import Path


def find_program() -> list[str]:
    """Return the absolute path of ``naftiko``, or that of Python with the arguments that start the program."""
    python = Path(sys.executable).absolute()  # a link of a virtual environment must stay one
    script = python.with_name("naftiko.exe" if sys.platform == "win32" else "naftiko")
    return [str(script)] if script.is_file() else [str(python), "-m", "naftiko_runtime"]
