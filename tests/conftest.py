"""Fixtures that every kind of test uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A recording upstream on loopback."""
    with Upstream() as server:
        yield server


@pytest.fixture
def pixel() -> Path:
    """The pixel capability."""
    return ROOT / "capabilities" / "pixel-tracking.yaml"
