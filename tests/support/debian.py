"""Debian programs that tests need. They are installed if that is allowed. Otherwise the test says what is missing."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest
from bench import debian_programs


def require(program: str) -> str:
    """The path of one of the programs in ``bench/debian_programs.py``, installed by apt-get when we are root."""
    if debian_programs.find(program) is None:
        debian_programs.install([program])
    return debian_programs.find(program) or skip_or_fail(
        f"needs {program}: apt-get install {debian_programs.PACKAGES[program]}"
    )


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test, saying why; in CI nothing may be skipped, and it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
