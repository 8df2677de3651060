"""Fixtures that every kind of test uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent

# How long one example takes depends on what else the machine does; that says nothing about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A recording upstream on loopback."""
    with Upstream() as server:
        yield server


@pytest.fixture
def pixel() -> Path:
    """The pixel capability."""
    return ROOT / "capabilities" / "pixel-tracking.yaml"
