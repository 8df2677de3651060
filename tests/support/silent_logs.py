"""Keeps the program's log lines out of tests with thousands of failures."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def silence_logs() -> Iterator[None]:
    """Drop all log lines of the program, whatever their level, while entered."""
    log = logging.getLogger("naftiko_runtime")
    level = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(level)
